-- The table-level locks that a session holds on relations that users made, with the relation's name and the file
-- behind it; another number than before means that it was written anew. What the session has dropped has neither.
-- Each relation is looked up by its OID: a database that was just built has no statistics, and a plan that reads
-- all of pg_class for every step costs more than the steps do.
-- since: 12
-- columns: relation, mode, path, number
WITH held AS MATERIALIZED (
    SELECT l.relation, l.mode
    FROM pg_locks AS l
    WHERE l.pid = %(pid)s
      AND l.locktype = 'relation'
      AND l.granted
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
)
SELECT h.relation::bigint AS relation, h.mode, found.path, found.number
FROM held AS h
LEFT JOIN LATERAL (
    SELECT n.nspname || '.' || c.relname AS path, pg_relation_filenode(c.oid)::bigint AS number
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = h.relation
      AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
    OFFSET 0) AS found ON true
WHERE found.path IS NOT NULL
   OR NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = h.relation)
