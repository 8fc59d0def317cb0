-- What columns of partitions, heirs and typed tables in the given schemas have otherwise than their parents or their
-- type give it to them.
-- since: 12
-- columns: relid, number, parents, parent_numbers, not_null, storage, compression, statistics,
--   options, foreign_options, expression, identity, identity_sequence, sequence_schema, sequence_name,
--   identity_start, identity_increment, identity_min, identity_max, identity_cache, identity_cycle,
--   constraint_name, constraint_valid, constraint_no_inherit
WITH given AS (
    SELECT h.inhrelid AS relid,
           p.attname AS name,
           array_agg(p.attrelid ORDER BY h.inhseqno) AS parents,
           array_agg(p.attnum ORDER BY h.inhseqno) AS numbers,
           bool_or(p.attnotnull AND NOT coalesce(k.connoinherit, false)) AS not_null,
           (array_agg(p.attstorage ORDER BY h.inhseqno))[1] AS storage,
           (array_agg(coalesce(p.attstattarget, -1) ORDER BY h.inhseqno))[1] AS statistics,
           (array_agg(pg_get_expr(d.adbin, d.adrelid) ORDER BY h.inhseqno))[1] AS expression
    FROM pg_inherits AS h
    JOIN pg_attribute AS p ON p.attrelid = h.inhparent AND p.attnum > 0 AND NOT p.attisdropped
    LEFT JOIN pg_constraint AS k
           ON p.attnotnull AND k.contype = 'n' AND k.conrelid = p.attrelid AND k.conkey[1] = p.attnum
    LEFT JOIN pg_attrdef AS d ON d.adrelid = p.attrelid AND d.adnum = p.attnum AND p.attgenerated <> ''
    GROUP BY h.inhrelid, p.attname
), own AS (
    SELECT a.attrelid AS relid,
           a.attnum AS number,
           coalesce(g.parents, '{}') AS parents,
           coalesce(g.numbers, '{}') AS parent_numbers,
           a.attnotnull AND NOT coalesce(g.not_null, false) AS not_null,
           CASE WHEN a.attstorage <> coalesce(g.storage, t.typstorage) THEN a.attstorage::text END AS storage,
           NULL::text AS compression,
           CASE WHEN coalesce(a.attstattarget, -1) <> coalesce(g.statistics, -1)
                THEN coalesce(a.attstattarget, -1) END AS statistics,
           ARRAY(SELECT o FROM unnest(a.attoptions) AS o WHERE NOT starts_with(o, 'pg_') ORDER BY o) AS options,
           coalesce(a.attfdwoptions, '{}') AS foreign_options,
           CASE WHEN a.attgenerated <> '' AND g.relid IS NOT NULL
                THEN NULLIF(pg_get_expr(d.adbin, d.adrelid), g.expression) END AS expression,
           -- A partition has it from its parent, and can neither keep nor bring one.
           CASE WHEN c.relispartition THEN '' ELSE a.attidentity::text END AS identity
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN given AS g ON g.relid = a.attrelid AND g.name = a.attname
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
    WHERE (a.attinhcount > 0 OR c.reloftype <> 0)
      AND c.relkind IN ('r', 'p', 'f')
      AND c.relpersistence <> 't'
      AND a.attnum > 0
      AND NOT a.attisdropped
      AND n.nspname = ANY (%(schemas)s)
)
SELECT o.relid,
       o.number,
       o.parents,
       o.parent_numbers,
       o.not_null,
       o.storage,
       o.compression,
       o.statistics,
       o.options,
       o.foreign_options,
       o.expression,
       o.identity,
       s.seqrelid AS identity_sequence,
       sn.nspname AS sequence_schema,
       sc.relname AS sequence_name,
       s.seqstart AS identity_start,
       s.seqincrement AS identity_increment,
       s.seqmin AS identity_min,
       s.seqmax AS identity_max,
       s.seqcache AS identity_cache,
       s.seqcycle AS identity_cycle,
       k.conname AS constraint_name,
       coalesce(k.convalidated, true) AS constraint_valid,
       coalesce(k.connoinherit, false) AS constraint_no_inherit
FROM own AS o
LEFT JOIN pg_constraint AS k
       ON o.not_null AND k.contype = 'n' AND k.conrelid = o.relid AND k.conkey[1] = o.number
LEFT JOIN pg_depend AS sd
       ON o.identity <> '' AND sd.refclassid = 'pg_class'::regclass AND sd.refobjid = o.relid
      AND sd.refobjsubid = o.number AND sd.classid = 'pg_class'::regclass AND sd.deptype = 'i'
LEFT JOIN pg_sequence AS s ON s.seqrelid = sd.objid
LEFT JOIN pg_class AS sc ON sc.oid = s.seqrelid
LEFT JOIN pg_namespace AS sn ON sn.oid = sc.relnamespace
WHERE o.not_null
   OR o.identity <> ''
   OR num_nonnulls(o.storage, o.compression, o.statistics, o.expression) > 0
   OR o.options <> '{}'
   OR o.foreign_options <> '{}'
ORDER BY o.relid, o.number
