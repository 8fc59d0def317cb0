-- Domains of the given schemas.
-- since: 12
-- columns: oid, array_oid, schema, name, base, collation, default, not_null
SELECT t.oid,
       t.typarray AS array_oid,
       n.nspname AS schema,
       t.typname AS name,
       format_type(t.typbasetype, t.typtypmod) AS base,
       CASE WHEN t.typcollation <> b.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(c.collname) END AS collation,
       pg_get_expr(t.typdefaultbin, 0) AS default,
       t.typnotnull AS not_null
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_type AS b ON b.oid = t.typbasetype
LEFT JOIN pg_collation AS c ON c.oid = t.typcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = c.collnamespace
WHERE t.typtype = 'd'
  AND n.nspname = ANY (%(schemas)s)
ORDER BY t.oid
