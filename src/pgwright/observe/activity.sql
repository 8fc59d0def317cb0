-- Sessions with what they do and wait for, the longest-running first; without this one.
-- since: 12
-- columns: pid, role, database, application, client, kind, state, wait, state_seconds, transaction_seconds,
--          query_seconds, blocked_by, query
SELECT
    a.pid,
    a.usename::text AS role,
    a.datname::text AS database,
    coalesce(a.application_name, '') AS application,
    coalesce(host(a.client_addr), CASE WHEN a.client_port = -1 THEN 'local' END) AS client,
    a.backend_type AS kind,
    a.state,
    a.wait_event_type || ':' || a.wait_event AS wait,
    extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_seconds,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_seconds,
    CASE WHEN a.state = 'active'
        THEN extract(epoch FROM clock_timestamp() - a.query_start)::float8 END AS query_seconds,
    CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid) ELSE '{}'::int[] END AS blocked_by,
    left(a.query, 1000) AS query
FROM pg_catalog.pg_stat_activity a
WHERE a.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.xact_start NULLS LAST, a.query_start NULLS LAST, a.pid
