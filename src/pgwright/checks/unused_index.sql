-- Indexes that no query has used since the statistics began, and how long ago that was.
-- since: 12
-- columns: schema, table, name, size_bytes, counted_seconds
SELECT
    s.schemaname::text AS schema,
    s.relname::text AS "table",
    s.indexrelname::text AS name,
    pg_catalog.pg_relation_size(s.indexrelid) AS size_bytes,
    -- never reset: counted since the server was made, but at least since it started
    extract(epoch FROM clock_timestamp() - coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time()))::float8
        AS counted_seconds
FROM pg_catalog.pg_stat_user_indexes s
JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid
JOIN pg_catalog.pg_stat_database d ON d.datname = current_database()
WHERE s.idx_scan = 0
    AND NOT i.indisunique
    AND NOT i.indisreplident
    AND i.indisvalid
    AND s.schemaname !~ '^_timescaledb_'
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint con WHERE con.conindid = s.indexrelid)
ORDER BY size_bytes DESC
