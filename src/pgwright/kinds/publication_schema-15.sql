-- Schemas that publications name, of the given schemas.
-- since: 15
-- columns: oid, publication, namespace
SELECT p.oid,
       p.pnpubid AS publication,
       p.pnnspid AS namespace
FROM pg_publication_namespace AS p
JOIN pg_namespace AS n ON n.oid = p.pnnspid
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY n.nspname
