-- Indexes of users' tables with size and use; the time of the last scan is known from 16 on.
-- since: 16
-- columns: schema, table, name, size_bytes, scans, tuples_read, tuples_fetched, last_scan, is_unique, is_primary,
--          constraint, valid, definition
SELECT
    n.nspname::text AS schema,
    t.relname::text AS "table",
    c.relname::text AS name,
    pg_catalog.pg_relation_size(c.oid) AS size_bytes,
    s.idx_scan AS scans,
    s.idx_tup_read AS tuples_read,
    s.idx_tup_fetch AS tuples_fetched,
    s.last_idx_scan AS last_scan,
    i.indisunique AS is_unique,
    i.indisprimary AS is_primary,
    (SELECT con.conname::text FROM pg_catalog.pg_constraint con
        WHERE con.conindid = c.oid AND con.conrelid = t.oid AND con.contype IN ('p', 'u', 'x')
        ORDER BY con.contype LIMIT 1) AS "constraint",
    i.indisvalid AND i.indisready AS valid,
    pg_catalog.pg_get_indexdef(c.oid) AS definition
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = c.oid
WHERE c.relkind = 'i'
    AND t.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY size_bytes DESC, n.nspname, c.relname
