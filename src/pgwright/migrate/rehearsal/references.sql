-- Foreign keys of one column: whose rows a sample needs as well.
-- since: 12
-- columns: child_schema, child, child_column, parent_schema, parent, parent_column, type
SELECT cn.nspname::text AS child_schema, c.relname::text AS child, ca.attname::text AS child_column,
       pn.nspname::text AS parent_schema, p.relname::text AS parent, pa.attname::text AS parent_column,
       format_type(pa.atttypid, NULL) AS type
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_attribute AS ca ON ca.attrelid = k.conrelid AND ca.attnum = k.conkey[1]
JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = k.confkey[1]
WHERE k.contype = 'f' AND k.conparentid = 0 AND cardinality(k.conkey) = 1
ORDER BY 1, 2, 3
