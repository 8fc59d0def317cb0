-- Whether the server collects statistics of statements, and this database shows them.
-- since: 12
-- columns: loaded, created, available
SELECT
    -- only a loaded library has defined its settings
    current_setting('pg_stat_statements.max', true) IS NOT NULL AS loaded,
    EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements') AS created,
    EXISTS (SELECT 1 FROM pg_catalog.pg_available_extensions() WHERE name = 'pg_stat_statements') AS available
