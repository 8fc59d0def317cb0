-- Tables that publications name one by one, with their column lists and row filters.
-- since: 15
-- columns: oid, publication, relid, columns, condition
SELECT r.oid,
       r.prpubid AS publication,
       r.prrelid AS relid,
       CASE WHEN r.prattrs IS NOT NULL
            THEN ARRAY(SELECT a.attname::text
                       FROM unnest(r.prattrs::int2[]) AS u (number)
                       JOIN pg_attribute AS a ON a.attrelid = r.prrelid AND a.attnum = u.number
                       ORDER BY a.attname) END AS columns,
       pg_get_expr(r.prqual, r.prrelid) AS condition
FROM pg_publication_rel AS r
JOIN pg_class AS c ON c.oid = r.prrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY n.nspname, c.relname, r.oid
