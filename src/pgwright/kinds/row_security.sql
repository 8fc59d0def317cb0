-- Tables in the given schemas with row-level security switched on or forced on their owner.
-- since: 12
-- columns: relid, enabled, forced
SELECT c.oid AS relid,
       c.relrowsecurity AS enabled,
       c.relforcerowsecurity AS forced
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relrowsecurity OR c.relforcerowsecurity)
  AND n.nspname = ANY (%(schemas)s)
ORDER BY c.oid
