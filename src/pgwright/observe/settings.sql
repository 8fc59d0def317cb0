-- Settings of the server as this session sees them.
-- since: 12
-- columns: name, value, unit, default_value, source, context, category, pending_restart, file
SELECT
    name,
    setting AS value,
    unit,
    boot_val AS default_value,
    source,
    context,
    category,
    pending_restart,
    CASE WHEN sourcefile IS NOT NULL THEN sourcefile || ':' || sourceline END AS file
FROM pg_catalog.pg_settings
ORDER BY name
