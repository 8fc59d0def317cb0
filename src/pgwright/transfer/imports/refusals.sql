-- Checks of a table, each as an expression over its columns.
-- since: 12
-- columns: name, expression
SELECT conname::text AS name, pg_catalog.pg_get_expr(conbin, conrelid) AS expression
FROM pg_catalog.pg_constraint
WHERE conrelid = %(table)s AND contype = 'c'
ORDER BY conname
