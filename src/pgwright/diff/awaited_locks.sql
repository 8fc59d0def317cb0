-- The table-level locks that a session holds or waits for, and whom it waits for in all.
-- since: 12
-- columns: relation, mode, blockers
-- parameter: pid
SELECT l.relation::bigint AS relation, l.mode, pg_blocking_pids(%(pid)s) AS blockers
FROM pg_locks AS l
WHERE l.pid = %(pid)s
  AND (l.locktype = 'relation' OR NOT l.granted)
