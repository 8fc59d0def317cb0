-- How many of the server's connections are in use.
-- since: 12
-- columns: used, available, idle
SELECT
    count(*)::int AS used,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS available,
    count(*) FILTER (WHERE state = 'idle')::int AS idle
FROM pg_catalog.pg_stat_activity
WHERE backend_type = 'client backend'
