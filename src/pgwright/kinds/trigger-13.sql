-- Triggers of relations in the given schemas, without PostgreSQL's own and TimescaleDB's.
-- since: 13
-- columns: oid, relid, name, enabled, definition, constraint_oid, is_constraint, derived
SELECT g.oid,
       g.tgrelid AS relid,
       g.tgname AS name,
       g.tgenabled::text AS enabled,
       pg_get_triggerdef(g.oid) AS definition,
       g.tgconstraint AS constraint_oid,
       g.tgconstraint <> 0 AS is_constraint,
       g.tgparentid <> 0 AS derived
FROM pg_trigger AS g
JOIN pg_class AS c ON c.oid = g.tgrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal
  AND c.relpersistence <> 't'
  AND n.nspname = ANY (%(schemas)s)
  -- Those of rollups belong to the rollups.
  AND NOT EXISTS (
      SELECT FROM pg_proc AS f WHERE f.oid = g.tgfoid AND f.pronamespace = to_regnamespace('pgwright'))
  AND NOT EXISTS (
      SELECT
      FROM pg_depend AS e
      JOIN pg_extension AS x ON x.oid = e.refobjid
      WHERE e.classid = 'pg_proc'::regclass AND e.objid = g.tgfoid
        AND e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e' AND x.extname = 'timescaledb')
ORDER BY g.oid
