-- Settings whose being off risks the data or stops upkeep.
-- since: 12
-- columns: name, context, pending_restart
SELECT name, context, pending_restart
FROM pg_catalog.pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'autovacuum', 'track_counts') AND setting = 'off'
ORDER BY name
