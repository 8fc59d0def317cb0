-- The file behind each table and materialized view; another number means that it was written anew.
-- since: 12
-- columns: schema, name, number
SELECT n.nspname AS schema, c.relname AS name, pg_relation_filenode(c.oid)::bigint AS number
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'S')
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
