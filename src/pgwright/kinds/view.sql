-- Views of the given schemas, without those of extensions.
-- since: 12
-- columns: oid, rowtype, arraytype, rule, schema, name, options, definition, column_names, column_types,
--          reads_itself
SELECT c.oid,
       c.reltype AS rowtype,
       t.typarray AS arraytype,
       r.oid AS rule,
       n.nspname AS schema,
       c.relname AS name,
       (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) AS o) AS options,
       pg_get_viewdef(c.oid) AS definition,
       a.column_names,
       a.column_types,
       -- Before PostgreSQL 16 every view refers to itself as a whole, for the OLD and NEW of its rule.
       EXISTS (
           SELECT
           FROM pg_depend AS s
           WHERE s.classid = 'pg_rewrite'::regclass AND s.objid = r.oid AND s.deptype = 'n'
             AND s.refclassid = 'pg_class'::regclass AND s.refobjid = c.oid AND s.refobjsubid > 0) AS reads_itself
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
LEFT JOIN pg_type AS t ON t.oid = c.reltype
LEFT JOIN LATERAL (
    SELECT array_agg(a.attname ORDER BY a.attnum) AS column_names,
           array_agg(format_type(a.atttypid, a.atttypmod)
                     || CASE WHEN a.attcollation <> ty.typcollation
                             THEN ' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                             ELSE '' END
                     ORDER BY a.attnum) AS column_types
    FROM pg_attribute AS a
    JOIN pg_type AS ty ON ty.oid = a.atttypid
    LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
    LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS a ON true
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e'
WHERE c.relkind = 'v'
  AND c.relpersistence <> 't'
  AND n.nspname = ANY (%(schemas)s)
  AND e.objid IS NULL
ORDER BY c.oid
