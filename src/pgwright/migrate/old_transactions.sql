-- Transactions of this database that are older than some seconds: locks and concurrent builds wait for them.
-- since: 12
-- columns: pid, role, application, state, seconds
-- parameter: seconds
SELECT a.pid, a.usename::text AS role, coalesce(a.application_name, '') AS application, a.state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = current_database()
  AND a.pid <> pg_backend_pid()
  AND a.backend_type = 'client backend'
  AND a.xact_start < clock_timestamp() - make_interval(secs => %(seconds)s::float8)
ORDER BY a.xact_start
