-- Checks of a table, each as an expression over its columns.
-- since: 12
-- columns: name, expression, columns
SELECT conname::text AS name, pg_catalog.pg_get_expr(conbin, conrelid) AS expression,
    ARRAY(
        SELECT attname::text FROM pg_catalog.pg_attribute
        WHERE attrelid = conrelid AND attnum = ANY (conkey)
        ORDER BY pg_catalog.array_position(conkey, attnum)) AS columns
FROM pg_catalog.pg_constraint
WHERE conrelid = %(table)s AND contype = 'c'
ORDER BY conname
