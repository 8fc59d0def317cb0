-- The state of the database and its server in one row; what other roles' sessions hide is counted as unseen.
-- since: 12
-- columns: database, role, size_bytes, started_at, in_recovery, tls, sees_all, connections, connections_here,
--          active, idle_in_transaction, waiting, max_connections, reserved_connections, cache_hit,
--          oldest_transaction_seconds, oldest_transaction_pid, xid_age, xid_limit, multixact_age,
--          multixact_limit, commits, rollbacks, deadlocks, temp_bytes
WITH sessions AS MATERIALIZED (
    SELECT
        count(*) AS connections,
        count(*) FILTER (WHERE datname = current_database()) AS connections_here,
        count(*) FILTER (WHERE state = 'active' AND pid <> pg_catalog.pg_backend_pid()) AS active,
        count(*) FILTER (WHERE state LIKE 'idle in transaction%%') AS idle_in_transaction,
        count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting
    FROM pg_catalog.pg_stat_activity
    WHERE backend_type = 'client backend'
),
oldest AS MATERIALIZED (
    SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
    FROM pg_catalog.pg_stat_activity
    WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
    ORDER BY xact_start
    LIMIT 1
),
ages AS MATERIALIZED (
    -- the server's oldest database decides when it stops, not this one
    SELECT max(age(datfrozenxid)) AS xid_age, max(mxid_age(datminmxid)) AS multixact_age
    FROM pg_catalog.pg_database
)
SELECT
    current_database()::text AS database,
    current_user::text AS role,
    pg_catalog.pg_database_size(current_database()) AS size_bytes,
    pg_catalog.pg_postmaster_start_time() AS started_at,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    (SELECT CASE WHEN ssl THEN version END FROM pg_catalog.pg_stat_ssl
        WHERE pid = pg_catalog.pg_backend_pid()) AS tls,
    pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
    sessions.connections,
    sessions.connections_here,
    sessions.active,
    sessions.idle_in_transaction,
    sessions.waiting,
    current_setting('max_connections')::int AS max_connections,
    current_setting('superuser_reserved_connections')::int AS reserved_connections,
    (d.blks_hit::float8 / nullif(d.blks_hit + d.blks_read, 0)) AS cache_hit,
    (SELECT seconds FROM oldest) AS oldest_transaction_seconds,
    (SELECT pid FROM oldest) AS oldest_transaction_pid,
    ages.xid_age,
    current_setting('autovacuum_freeze_max_age')::bigint AS xid_limit,
    ages.multixact_age,
    current_setting('autovacuum_multixact_freeze_max_age')::bigint AS multixact_limit,
    d.xact_commit AS commits,
    d.xact_rollback AS rollbacks,
    d.deadlocks,
    d.temp_bytes
FROM sessions, ages, pg_catalog.pg_stat_database d
WHERE d.datname = current_database()
