-- What a session has been busy with for some seconds, and the largest table that it holds; nothing where it idles.
-- Sizes are those that the catalogs remember: to measure them takes a lock, behind the very statement.
-- since: 12
-- columns: sql, seconds, relation, rows, bytes
-- parameters: pid, seconds
SELECT a.query AS sql,
       extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS seconds,
       held.relation, held.rows, held.bytes
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN LATERAL (
    SELECT n.nspname || '.' || c.relname AS relation,
           greatest(c.reltuples, 0)::float8 AS rows,
           c.relpages::int8 * current_setting('block_size')::int8 AS bytes
    FROM pg_catalog.pg_locks AS l
    JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted
      AND c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'pgwright'
      AND c.relname NOT IN ('alembic_version', 'django_migrations')
    ORDER BY c.relpages DESC, relation
    LIMIT 1) AS held ON true
WHERE a.pid = %(pid)s AND a.state = 'active'
  AND a.query_start < clock_timestamp() - make_interval(secs => %(seconds)s::float8)
