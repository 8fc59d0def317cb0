-- The archiver, where archiving is on and its last attempt failed.
-- since: 12
-- columns: failures, last_failed_wal, failing_seconds
SELECT
    failed_count AS failures,
    last_failed_wal,
    extract(epoch FROM clock_timestamp() - coalesce(last_archived_time, stats_reset))::float8 AS failing_seconds
FROM pg_catalog.pg_stat_archiver
WHERE current_setting('archive_mode') <> 'off'
    AND last_failed_time > coalesce(last_archived_time, '-infinity')
