-- Databases in which pages failed their checksum since the statistics were last reset.
-- since: 12
-- columns: database, failures, last_failure
SELECT
    coalesce(datname, 'shared objects')::text AS database,
    checksum_failures AS failures,
    checksum_last_failure AS last_failure
FROM pg_catalog.pg_stat_database
WHERE checksum_failures > 0
