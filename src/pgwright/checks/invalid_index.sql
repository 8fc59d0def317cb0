-- Indexes that are not valid and that nobody is building right now.
-- since: 12
-- columns: schema, table, name, is_unique, partitioned, size_bytes
SELECT
    n.nspname::text AS schema,
    t.relname::text AS "table",
    c.relname::text AS name,
    i.indisunique AS is_unique,
    c.relkind = 'I' AS partitioned,
    pg_catalog.pg_relation_size(c.oid) AS size_bytes
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
    AND NOT EXISTS (
        -- of other roles' builds this role may see no more than that there is one
        SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p
        WHERE p.datname = current_database()
            AND (p.relid IS NULL OR (p.relid = t.oid AND p.index_relid IN (c.oid, 0))))
ORDER BY 1, 2, 3
