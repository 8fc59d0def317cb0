-- Schemas (namespaces) being read, without those that an extension owns.
-- since: 12
-- columns: oid, name
SELECT n.oid,
       n.nspname AS name
FROM pg_namespace AS n
WHERE n.nspname = ANY (%(schemas)s)
  AND NOT EXISTS (
      SELECT FROM pg_depend AS d
      WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY n.oid
