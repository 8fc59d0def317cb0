-- Extended statistics of tables and materialized views, by the schema of the statistics.
-- since: 12
-- columns: oid, relid, schema, name, definition, target
SELECT s.oid,
       s.stxrelid AS relid,
       n.nspname AS schema,
       s.stxname AS name,
       pg_get_statisticsobjdef(s.oid) AS definition,
       NULL::integer AS target
FROM pg_statistic_ext AS s
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY s.oid
