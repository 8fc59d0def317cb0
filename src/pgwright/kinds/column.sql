-- Columns of tables in the given schemas, without those that a partition or child takes from its parent as they are.
-- since: 12
-- columns: relid, number, name, type, not_null, identity, identity_sequence, sequence_schema, sequence_name, identity_start, identity_increment,
--   identity_min, identity_max, identity_cache, identity_cycle, generated, expression, expression_oid, collation,
--   storage, compression, statistics, options, inherited, local,
--   foreign_options, has_default,
--   constraint_name, constraint_valid, constraint_no_inherit, constraint_local
SELECT a.attrelid AS relid,
       a.attnum AS number,
       a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS not_null,
       -- A partition has it from its parent, and can neither keep nor bring one.
       CASE WHEN c.relispartition THEN '' ELSE a.attidentity::text END AS identity,
       s.seqrelid AS identity_sequence,
       sn.nspname AS sequence_schema,
       sc.relname AS sequence_name,
       s.seqstart AS identity_start,
       s.seqincrement AS identity_increment,
       s.seqmin AS identity_min,
       s.seqmax AS identity_max,
       s.seqcache AS identity_cache,
       s.seqcycle AS identity_cycle,
       a.attgenerated::text AS generated,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS expression,
       CASE WHEN a.attgenerated <> '' THEN d.oid END AS expression_oid,
       CASE WHEN a.attcollation <> t.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END AS storage,
       NULL::text AS compression,
       NULLIF(a.attstattarget, -1) AS statistics,
       a.attoptions AS options,
       a.attinhcount > 0 OR c.reloftype <> 0 AS inherited,
       a.attislocal AS local,
       a.attfdwoptions AS foreign_options,
       a.atthasdef AND a.attgenerated = '' AS has_default,
       k.conname AS constraint_name,
       coalesce(k.convalidated, true) AS constraint_valid,
       coalesce(k.connoinherit, false) AS constraint_no_inherit,
       coalesce(k.conislocal, false) AS constraint_local
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_type AS t ON t.oid = a.atttypid
-- Only from PostgreSQL 18 on is a NOT NULL a constraint.
LEFT JOIN pg_constraint AS k
       ON a.attnotnull AND k.contype = 'n' AND k.conrelid = a.attrelid AND k.conkey[1] = a.attnum
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
LEFT JOIN pg_collation AS co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
LEFT JOIN pg_depend AS sd
       ON a.attidentity <> '' AND sd.refclassid = 'pg_class'::regclass AND sd.refobjid = a.attrelid
      AND sd.refobjsubid = a.attnum AND sd.classid = 'pg_class'::regclass AND sd.deptype = 'i'
LEFT JOIN pg_sequence AS s ON s.seqrelid = sd.objid
LEFT JOIN pg_class AS sc ON sc.oid = s.seqrelid
LEFT JOIN pg_namespace AS sn ON sn.oid = sc.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
  AND c.relpersistence <> 't'
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND n.nspname = ANY (%(schemas)s)
ORDER BY a.attrelid, a.attnum
