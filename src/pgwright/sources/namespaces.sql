-- Namespaces that users made, without those of extensions, of sessions and of pgwright itself.
-- since: 12
-- columns: name
SELECT n.nspname AS name
FROM pg_namespace AS n
WHERE n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'pgwright')
  AND NOT EXISTS (
      SELECT FROM pg_depend AS d
      WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
ORDER BY n.nspname
