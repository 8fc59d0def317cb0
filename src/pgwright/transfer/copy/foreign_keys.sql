-- Foreign keys that stand for themselves: those of partitions come and go with their root's.
-- since: 12
-- columns: schema, table_name, name, definition
SELECT
    n.nspname::text AS schema,
    c.relname::text AS table_name,
    k.conname::text AS name,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
ORDER BY n.nspname, c.relname, k.conname
