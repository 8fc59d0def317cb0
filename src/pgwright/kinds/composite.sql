-- Composite types that stand on their own in the given schemas, one row per attribute.
-- since: 12
-- columns: oid, array_oid, relid, schema, name, attribute, type, collation
SELECT t.oid,
       t.typarray AS array_oid,
       t.typrelid AS relid,
       n.nspname AS schema,
       t.typname AS name,
       a.attname AS attribute,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> b.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation
FROM pg_type AS t
JOIN pg_class AS c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type AS b ON b.oid = a.atttypid
LEFT JOIN pg_collation AS co ON co.oid = a.attcollation AND a.attcollation <> b.typcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY t.oid, a.attnum
