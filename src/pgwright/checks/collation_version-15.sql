-- Collations in use whose rules the operating system has changed since they were recorded, the database's as well.
-- since: 15
-- columns: name, recorded, actual, is_database
SELECT
    n.nspname || '.' || c.collname AS name,
    c.collversion AS recorded,
    pg_catalog.pg_collation_actual_version(c.oid) AS actual,
    false AS is_database
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.collversion <> pg_catalog.pg_collation_actual_version(c.oid)
    AND EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class r ON r.oid = a.attrelid AND r.relkind = 'i' WHERE a.attcollation = c.oid)
UNION ALL
SELECT
    d.datname::text,
    d.datcollversion,
    pg_catalog.pg_database_collation_actual_version(d.oid),
    true
FROM pg_catalog.pg_database d
WHERE d.datname = current_database()
    AND d.datcollversion <> pg_catalog.pg_database_collation_actual_version(d.oid)
