-- Check constraints of domains in the given schemas, by name.
-- since: 12
-- columns: oid, domain, name, definition, validated
SELECT k.oid,
       k.contypid AS domain,
       k.conname AS name,
       pg_get_constraintdef(k.oid) AS definition,
       k.convalidated AS validated
FROM pg_constraint AS k
JOIN pg_type AS t ON t.oid = k.contypid
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE k.contype = 'c'
  AND n.nspname = ANY (%(schemas)s)
ORDER BY k.contypid, k.conname
