-- Aggregates of the given schemas, without those of extensions.
-- since: 12
-- columns: oid, schema, name, types, arguments, kind, result, input_names, parallel, transition, state_type,
--   state_size, final, final_extra, final_modify, combine, serialize, deserialize, initial, moving_transition,
--   moving_inverse, moving_state_type, moving_state_size, moving_final, moving_final_extra, moving_final_modify,
--   moving_initial, sort_operator
SELECT p.oid,
       n.nspname AS schema,
       p.proname AS name,
       (SELECT string_agg(format_type(u.type, NULL), ',' ORDER BY u.position)
        FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (type, position)) AS types,
       pg_get_function_identity_arguments(p.oid) AS arguments,
       a.aggkind::text AS kind,
       pg_get_function_result(p.oid) AS result,
       (SELECT array_agg(coalesce(u.name, '') ORDER BY u.position)
        FROM unnest(p.proargnames) WITH ORDINALITY AS u (name, position)) AS input_names,
       p.proparallel::text AS parallel,
       a.aggtransfn::regproc::text AS transition,
       format_type(a.aggtranstype, NULL) AS state_type,
       a.aggtransspace AS state_size,
       NULLIF(a.aggfinalfn::oid, 0)::regproc::text AS final,
       a.aggfinalextra AS final_extra,
       a.aggfinalmodify::text AS final_modify,
       NULLIF(a.aggcombinefn::oid, 0)::regproc::text AS combine,
       NULLIF(a.aggserialfn::oid, 0)::regproc::text AS serialize,
       NULLIF(a.aggdeserialfn::oid, 0)::regproc::text AS deserialize,
       a.agginitval AS initial,
       NULLIF(a.aggmtransfn::oid, 0)::regproc::text AS moving_transition,
       NULLIF(a.aggminvtransfn::oid, 0)::regproc::text AS moving_inverse,
       CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS moving_state_type,
       a.aggmtransspace AS moving_state_size,
       NULLIF(a.aggmfinalfn::oid, 0)::regproc::text AS moving_final,
       a.aggmfinalextra AS moving_final_extra,
       a.aggmfinalmodify::text AS moving_final_modify,
       a.aggminitval AS moving_initial,
       quote_ident(son.nspname) || '.' || so.oprname AS sort_operator
FROM pg_aggregate AS a
JOIN pg_proc AS p ON p.oid = a.aggfnoid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_operator AS so ON so.oid = a.aggsortop
LEFT JOIN pg_namespace AS son ON son.oid = so.oprnamespace
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
WHERE n.nspname = ANY (%(schemas)s)
  AND e.objid IS NULL
ORDER BY p.oid
