-- Extensions of the database, without plpgsql, which every database has.
-- since: 12
-- columns: oid, name, schema, version, relocatable, keeps_rows, schemas, names, kinds
SELECT e.oid,
       e.extname AS name,
       n.nspname AS schema,
       e.extversion AS version,
       e.extrelocatable AS relocatable,
       coalesce(m.keeps_rows, false) AS keeps_rows,
       coalesce(m.schemas, '{}') AS schemas,
       coalesce(m.names, '{}') AS names,
       coalesce(m.kinds, '{}') AS kinds
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN LATERAL (
    SELECT bool_or(c.relkind IN ('r', 'p', 'm', 'S')) AS keeps_rows,
           array_agg(s.nspname::text ORDER BY c.oid) FILTER (WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')) AS schemas,
           array_agg(c.relname::text ORDER BY c.oid) FILTER (WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')) AS names,
           array_agg(c.relkind::text ORDER BY c.oid) FILTER (WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')) AS kinds
    FROM pg_depend AS d
    JOIN pg_class AS c ON c.oid = d.objid
    JOIN pg_namespace AS s ON s.oid = c.relnamespace
    WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
      AND d.classid = 'pg_class'::regclass) AS m ON true
WHERE e.extname <> 'plpgsql'
ORDER BY e.oid
