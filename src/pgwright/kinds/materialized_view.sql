-- Materialized views of the given schemas, without those of extensions.
-- since: 12
-- columns: oid, rowtype, arraytype, rule, schema, name, options, access_method, tablespace, populated, definition, column_names
SELECT c.oid,
       c.reltype AS rowtype,
       t.typarray AS arraytype,
       r.oid AS rule,
       n.nspname AS schema,
       c.relname AS name,
       (SELECT array_agg(o ORDER BY o)
        FROM (SELECT unnest(c.reloptions) AS o
              UNION ALL
              SELECT 'toast.' || unnest(toast.reloptions)
              FROM pg_class AS toast
              WHERE toast.oid = c.reltoastrelid) AS parameters) AS options,
       am.amname AS access_method,
       ts.spcname AS tablespace,
       c.relispopulated AS populated,
       pg_get_viewdef(c.oid) AS definition,
       ARRAY(SELECT a.attname::text
             FROM pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS column_names
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
LEFT JOIN pg_type AS t ON t.oid = c.reltype
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e'
WHERE c.relkind = 'm'
  AND n.nspname = ANY (%(schemas)s)
  AND e.objid IS NULL
ORDER BY c.oid
