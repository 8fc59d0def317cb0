-- The partitioned tables of users: neither an index nor a key of theirs can be built concurrently.
-- since: 12
-- columns: path
SELECT n.nspname || '.' || c.relname AS path
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'p'
