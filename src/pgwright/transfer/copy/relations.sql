-- What pg_dump chooses by name: relations of users, roots of partitions and sequences' owners in their place.
-- since: 12
-- columns: schema, name, kind, owner_schema, owner_name
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    coalesce(home.nspname, n.nspname)::text AS owner_schema,
    coalesce(owner.relname, c.relname)::text AS owner_name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
LEFT JOIN pg_catalog.pg_class owner ON owner.oid = CASE
    WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::oid ELSE d.refobjid END
LEFT JOIN pg_catalog.pg_namespace home ON home.oid = owner.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'pgwright')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname
