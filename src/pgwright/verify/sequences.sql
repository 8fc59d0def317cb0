-- Sequences of users, without those of extensions and of pgwright itself.
-- since: 12
-- columns: schema, name
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S'
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'pgwright')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.deptype = 'e' AND ((d.classid = 'pg_class'::regclass AND d.objid = c.oid)
            OR (d.classid = 'pg_namespace'::regclass AND d.objid = n.oid)))
ORDER BY n.nspname, c.relname
