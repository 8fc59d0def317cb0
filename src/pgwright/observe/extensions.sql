-- Extensions that this database has or could have.
-- since: 12
-- columns: name, installed_version, available_version, schema, comment
SELECT
    coalesce(e.extname, a.name)::text AS name,
    e.extversion AS installed_version,
    a.default_version AS available_version,
    n.nspname::text AS schema,
    a.comment
FROM pg_catalog.pg_available_extensions() a
FULL JOIN pg_catalog.pg_extension e ON e.extname = a.name
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
ORDER BY (e.extname IS NULL), 1
