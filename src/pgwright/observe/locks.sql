-- Sessions that wait for a lock, and those that they wait for.
-- since: 12
-- columns: pid, blocked_by, role, database, application, client, state, state_seconds, transaction_seconds, query,
--          waits_for, relation
WITH waits AS MATERIALIZED (
    SELECT pid, min(mode) AS mode, min(locktype) AS locktype, min(relation) AS relation
    FROM pg_catalog.pg_locks
    WHERE NOT granted AND pid <> pg_catalog.pg_backend_pid()
    GROUP BY pid
),
edges AS MATERIALIZED (
    SELECT pid, pg_catalog.pg_blocking_pids(pid) AS blocked_by FROM waits
),
involved AS (
    SELECT pid, blocked_by FROM edges WHERE cardinality(blocked_by) > 0
    UNION
    SELECT blocker, '{}'::int[]
    FROM edges, unnest(edges.blocked_by) AS blocker
    WHERE blocker NOT IN (SELECT pid FROM edges WHERE cardinality(blocked_by) > 0)
)
SELECT
    i.pid,
    i.blocked_by,
    a.usename::text AS role,
    a.datname::text AS database,
    coalesce(a.application_name, '') AS application,
    coalesce(host(a.client_addr), CASE WHEN a.client_port = -1 THEN 'local' END) AS client,
    -- pid 0 stands for a prepared transaction
    CASE WHEN i.pid = 0 THEN 'prepared transaction' ELSE a.state END AS state,
    extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_seconds,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_seconds,
    left(a.query, 1000) AS query,
    w.mode AS waits_for,
    -- who waits for a row waits for the other's transaction; the row's table is in his tuple lock
    (SELECT r.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class r
        WHERE r.oid = coalesce(w.relation, (SELECT min(l.relation) FROM pg_catalog.pg_locks l
            WHERE l.pid = i.pid AND l.locktype = 'tuple'
                AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))))
        AS relation
FROM involved i
LEFT JOIN waits w ON w.pid = i.pid
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = i.pid
ORDER BY a.xact_start NULLS LAST, i.pid
