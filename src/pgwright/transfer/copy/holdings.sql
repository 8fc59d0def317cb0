-- What users have made in a database, without what belongs to extensions and to pgwright itself.
-- since: 12
-- columns: what
SELECT held.what
FROM (
    SELECT 'pg_class'::regclass::oid AS classid, c.oid, c.relnamespace AS home,
        c.oid::regclass::text AS what
    FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, p.pronamespace, p.oid::regprocedure::text FROM pg_catalog.pg_proc p
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, t.typnamespace, t.oid::regtype::text
    FROM pg_catalog.pg_type t WHERE t.typtype IN ('e', 'd')
) held
JOIN pg_catalog.pg_namespace n ON n.oid = held.home
WHERE n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'pgwright')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = held.classid AND d.objid = held.oid AND d.deptype = 'e')
ORDER BY held.classid, held.what
