-- Whether the database holds any table of a user's.
-- since: 12
-- columns: has_tables
SELECT EXISTS (
    SELECT 1
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p')
        AND c.relpersistence <> 't'
        AND n.nspname !~ '^(pg_|_timescaledb_)'
        AND n.nspname NOT IN ('information_schema', 'pgwright')
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
) AS has_tables
