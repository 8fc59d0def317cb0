-- The table in which a migration tool keeps its place, the one on the search path first.
-- since: 12
-- columns: schema, name
-- parameter: name
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %(name)s AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
ORDER BY pg_catalog.pg_table_is_visible(c.oid) DESC, n.nspname
LIMIT 1
