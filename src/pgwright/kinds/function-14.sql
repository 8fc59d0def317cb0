-- Functions, window functions and procedures of the given schemas, without those of extensions and ranges.
-- since: 14
-- columns: oid, schema, name, types, arguments, kind, language, result, definition, input_names, outputs,
--   defaults, security_definer, parsed, calls_itself
SELECT p.oid,
       n.nspname AS schema,
       p.proname AS name,
       (SELECT string_agg(format_type(u.type, NULL), ',' ORDER BY u.position)
        FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (type, position)) AS types,
       pg_get_function_identity_arguments(p.oid) AS arguments,
       p.prokind::text AS kind,
       l.lanname AS language,
       pg_get_function_result(p.oid) AS result,
       pg_get_functiondef(p.oid) AS definition,
       (SELECT array_agg(coalesce(u.name, '') ORDER BY u.position)
        FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS u (name, mode, position)
        WHERE coalesce(u.mode, 'i') IN ('i', 'b', 'v')) AS input_names,
       (SELECT array_agg(coalesce(u.name, '') || ' ' || format_type(u.type, NULL) ORDER BY u.position)
        FROM unnest(p.proallargtypes, p.proargmodes, p.proargnames)
             WITH ORDINALITY AS u (type, mode, name, position)
        WHERE u.mode IN ('o', 'b', 't')) AS outputs,
       p.pronargdefaults AS defaults,
       p.prosecdef AS security_definer,
       p.prosqlbody IS NOT NULL AS parsed,
       EXISTS (
           SELECT
           FROM pg_depend AS s
           WHERE s.classid = 'pg_proc'::regclass AND s.objid = p.oid
             AND s.refclassid = 'pg_proc'::regclass AND s.refobjid = p.oid) AS calls_itself
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i')
WHERE p.prokind <> 'a'
  AND n.nspname = ANY (%(schemas)s)
  AND e.objid IS NULL
ORDER BY p.oid
