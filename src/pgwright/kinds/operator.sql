-- Operators of the given schemas, without those of extensions and those that are only named so far (shells).
-- since: 12
-- columns: oid, schema, name, left_type, right_type, procedure, commutator, negator, restrict, join, hashes, merges
SELECT o.oid,
       n.nspname AS schema,
       o.oprname AS name,
       CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS left_type,
       CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END AS right_type,
       o.oprcode::regproc::text AS procedure,
       quote_ident(cn.nspname) || '.' || c.oprname AS commutator,
       quote_ident(gn.nspname) || '.' || g.oprname AS negator,
       NULLIF(o.oprrest::oid, 0)::regproc::text AS restrict,
       NULLIF(o.oprjoin::oid, 0)::regproc::text AS join,
       o.oprcanhash AS hashes,
       o.oprcanmerge AS merges
FROM pg_operator AS o
JOIN pg_namespace AS n ON n.oid = o.oprnamespace
LEFT JOIN pg_operator AS c ON c.oid = o.oprcom
LEFT JOIN pg_namespace AS cn ON cn.oid = c.oprnamespace
LEFT JOIN pg_operator AS g ON g.oid = o.oprnegate
LEFT JOIN pg_namespace AS gn ON gn.oid = g.oprnamespace
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_operator'::regclass AND e.objid = o.oid AND e.deptype = 'e'
WHERE o.oprcode <> 0
  AND n.nspname = ANY (%(schemas)s)
  AND e.objid IS NULL
ORDER BY o.oid
