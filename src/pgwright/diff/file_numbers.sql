-- The relations that users made and the files behind them; another number means that one was written anew.
-- since: 12
-- columns: relation, path, number
-- parameter: since (a transaction's number: only what it or a later one changed; null for all)
SELECT c.oid::bigint AS relation, n.nspname || '.' || c.relname AS path,
       pg_relation_filenode(c.oid)::bigint AS number
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND (%(since)s::text IS NULL OR age(c.xmin) <= age(%(since)s::text::xid))
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
