-- Triggers that are switched off; those of foreign keys are summed per constraint.
-- since: 12
-- columns: schema, table, name, foreign_key
SELECT DISTINCT
    n.nspname::text AS schema,
    c.relname::text AS "table",
    CASE WHEN t.tgisinternal THEN con.conname ELSE t.tgname END::text AS name,
    t.tgisinternal AS foreign_key
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_constraint con ON con.oid = t.tgconstraint
WHERE t.tgenabled = 'D'
    AND (NOT t.tgisinternal OR con.contype = 'f')
    AND n.nspname !~ '^(pg_|_timescaledb_)'
ORDER BY 1, 2, 3
