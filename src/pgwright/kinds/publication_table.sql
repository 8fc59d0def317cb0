-- Tables that publications name one by one.
-- since: 12
-- columns: oid, publication, relid, columns, condition
SELECT r.oid,
       r.prpubid AS publication,
       r.prrelid AS relid,
       NULL::text[] AS columns,
       NULL::text AS condition
FROM pg_publication_rel AS r
JOIN pg_class AS c ON c.oid = r.prrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY n.nspname, c.relname, r.oid
