-- The last run of the scheduled backup, where the ledger has one that this role may read.
-- since: 12
-- columns: id, status, error, seconds_ago
SELECT
    found ->> 'id' AS id,
    found ->> 'status' AS status,
    found ->> 'error' AS error,
    extract(epoch FROM clock_timestamp() - (found ->> 'started_at')::timestamptz)::float8 AS seconds_ago
FROM (
    SELECT (
        -- The table may not exist, so it may not stand here as a table.
        xpath('/table/row/found/text()', query_to_xml(
            'SELECT to_jsonb(r) - ''payload'' AS found FROM pgwright.run r WHERE job = ''backup'' '
            'ORDER BY started_at DESC LIMIT 1', true, false, ''
        ))
    )[1]::text::jsonb AS found
    WHERE CASE WHEN to_regclass('pgwright.run') IS NULL THEN false
        ELSE has_table_privilege(to_regclass('pgwright.run'), 'SELECT') END
) run
WHERE found IS NOT NULL
