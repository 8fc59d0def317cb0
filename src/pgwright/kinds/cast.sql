-- Casts that users made, between types and by functions of the given schemas or of PostgreSQL itself.
-- since: 12
-- columns: oid, source, target, function, context, method
SELECT c.oid,
       format_type(c.castsource, NULL) AS source,
       format_type(c.casttarget, NULL) AS target,
       c.castfunc::regprocedure::text AS function,
       c.castcontext::text AS context,
       c.castmethod::text AS method
FROM pg_cast AS c
JOIN pg_type AS s ON s.oid = c.castsource
JOIN pg_namespace AS sn ON sn.oid = s.typnamespace
JOIN pg_type AS t ON t.oid = c.casttarget
JOIN pg_namespace AS tn ON tn.oid = t.typnamespace
LEFT JOIN pg_proc AS p ON p.oid = c.castfunc
LEFT JOIN pg_namespace AS pn ON pn.oid = p.pronamespace
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i')
-- initdb gives the casts of PostgreSQL itself numbers below 16384.
WHERE c.oid >= 16384
  AND (sn.nspname = 'pg_catalog' OR sn.nspname = ANY (%(schemas)s))
  AND (tn.nspname = 'pg_catalog' OR tn.nspname = ANY (%(schemas)s))
  AND (pn.nspname IS NULL OR pn.nspname = 'pg_catalog' OR pn.nspname = ANY (%(schemas)s))
  AND e.objid IS NULL
ORDER BY c.oid
