-- Rules of relations in the given schemas, without those that make a view.
-- since: 12
-- columns: oid, relid, name, enabled, definition
SELECT r.oid,
       r.ev_class AS relid,
       r.rulename AS name,
       r.ev_enabled::text AS enabled,
       pg_get_ruledef(r.oid) AS definition
FROM pg_rewrite AS r
JOIN pg_class AS c ON c.oid = r.ev_class
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN'
  AND c.relpersistence <> 't'
  AND n.nspname = ANY (%(schemas)s)
ORDER BY r.oid
