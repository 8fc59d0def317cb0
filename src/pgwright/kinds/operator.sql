-- Operators of the given schemas, without those of extensions and those that are only named so far (shells).
-- since: 12
-- columns: oid, schema, name, left_type, right_type, procedure, commutator, negator, restrict, join, hashes, merges,
--          shells
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
       o.oprcanmerge AS merges,
       ARRAY(
           SELECT format(
                      '%%I.%%s (%%s, %%s)', sn.nspname, s.oprname,
                      CASE WHEN s.oprleft = 0 THEN 'NONE' ELSE format_type(s.oprleft, NULL) END,
                      CASE WHEN s.oprright = 0 THEN 'NONE' ELSE format_type(s.oprright, NULL) END
                  )
           FROM pg_operator AS s
           JOIN pg_namespace AS sn ON sn.oid = s.oprnamespace
           WHERE s.oid IN (o.oprcom, o.oprnegate) AND s.oprcode = 0
       ) AS shells
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
