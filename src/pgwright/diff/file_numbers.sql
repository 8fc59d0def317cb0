-- The relations that users made and the files behind them; another number means that one was written anew.
-- since: 12
-- columns: relation, path, number
SELECT c.oid::bigint AS relation, n.nspname || '.' || c.relname AS path,
       pg_relation_filenode(c.oid)::bigint AS number
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
