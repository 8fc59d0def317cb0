-- What this role may not use, in schemas where it may use something: schemas, tables, sequences.
-- since: 12
-- columns: kind, schema, name, privilege
WITH tables AS MATERIALIZED (
    SELECT
        c.oid,
        n.oid AS schema_oid,
        n.nspname,
        c.relname,
        pg_catalog.has_table_privilege(c.oid, 'SELECT') AS reads,
        pg_catalog.has_table_privilege(c.oid, 'INSERT') AS writes
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND c.relpersistence <> 't'
        AND NOT c.relispartition
        AND n.nspname !~ '^(pg_|_timescaledb_)'
        AND n.nspname NOT IN ('information_schema', 'pgwright')
        AND c.relname NOT IN ('alembic_version', 'django_migrations')
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
),
used AS MATERIALIZED (
    SELECT schema_oid FROM tables GROUP BY schema_oid, nspname
    HAVING bool_or(reads OR writes) OR nspname = 'public'
)
SELECT 'schema' AS kind, n.nspname::text AS schema, n.nspname::text AS name, 'USAGE' AS privilege
FROM pg_catalog.pg_namespace n
JOIN used u ON u.schema_oid = n.oid
WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
UNION ALL
SELECT 'table', t.nspname::text, t.relname::text, 'SELECT'
FROM tables t
JOIN used u ON u.schema_oid = t.schema_oid
WHERE NOT t.reads AND NOT t.writes
UNION ALL
-- who may insert but not draw the key fails at the first row; identity columns need no privilege
SELECT 'sequence', t.nspname::text, s.relname::text, 'USAGE'
FROM tables t
JOIN pg_catalog.pg_depend d ON d.refobjid = t.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a'
JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
-- the order of conditions is the planner's: other relations must not reach the function
WHERE t.writes AND CASE WHEN s.relkind = 'S'
    THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE, UPDATE') ELSE false END
ORDER BY 1, 2, 3
