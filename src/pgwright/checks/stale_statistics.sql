-- Tables that were never analyzed, or changed much since: the planner guesses.
-- since: 12
-- columns: schema, table, rows, changed, last_analyze
SELECT
    schemaname::text AS schema,
    relname::text AS "table",
    n_live_tup AS rows,
    n_mod_since_analyze AS changed,
    greatest(last_analyze, last_autoanalyze) AS last_analyze
FROM pg_catalog.pg_stat_user_tables
WHERE schemaname !~ '^_timescaledb_'
    AND CASE WHEN coalesce(last_analyze, last_autoanalyze) IS NULL
        THEN n_live_tup >= 1000
        -- within the hour autovacuum may still be on its way
        ELSE n_mod_since_analyze >= 10000 + n_live_tup / 2
            AND greatest(last_analyze, last_autoanalyze) < now() - interval '1 hour' END
ORDER BY n_live_tup DESC
