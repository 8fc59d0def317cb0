-- Tables without a primary key; partitions follow their parent.
-- since: 12
-- columns: schema, table, estimated_rows, unique_index
SELECT
    n.nspname::text AS schema,
    c.relname::text AS "table",
    nullif(greatest(c.reltuples, 0), 0)::bigint AS estimated_rows,
    (SELECT x.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
            AND i.indexprs IS NULL AND c.relkind = 'r'
        ORDER BY i.indnkeyatts, x.relname LIMIT 1) AS unique_index
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
    AND c.relpersistence <> 't'
    AND NOT c.relispartition
    AND n.nspname !~ '^(pg_|_timescaledb_)'
    AND n.nspname NOT IN ('information_schema', 'pgwright')
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint con WHERE con.conrelid = c.oid AND con.contype = 'p')
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
