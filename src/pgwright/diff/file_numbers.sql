-- The relations that users made and the files behind them; another number means that one was written anew.
-- The sequence of an identity column counts as a part of its table.
-- since: 12
-- columns: relation, path, number
-- parameter: relations (their OIDs, or NULL for all)
SELECT c.oid::bigint AS relation, n.nspname || '.' || c.relname AS path,
       pg_relation_filenode(c.oid)::bigint AS number
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (%(relations)s::oid[] IS NULL OR c.oid = ANY (%(relations)s::oid[]))
  AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT (c.relkind = 'S' AND EXISTS (
      SELECT FROM pg_depend AS d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'))
