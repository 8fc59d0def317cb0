-- Primary key, unique, foreign key, check and exclusion constraints of tables in the given schemas.
-- since: 12
-- columns: oid, relid, name, type, definition, validated, derived, local, no_inherit, index_oid, index_options,
--   index_tablespace, replica_identity, clustered, column_numbers, target, deferrable
SELECT k.oid,
       k.conrelid AS relid,
       k.conname AS name,
       k.contype::text AS type,
       pg_get_constraintdef(k.oid) AS definition,
       k.convalidated AS validated,
       k.conparentid <> 0 OR (k.coninhcount > 0 AND NOT k.conislocal) AS derived,
       k.conislocal AS local,
       k.connoinherit AS no_inherit,
       CASE WHEN k.contype IN ('p', 'u', 'x') THEN k.conindid END AS index_oid,
       ic.reloptions AS index_options,
       ts.spcname AS index_tablespace,
       coalesce(i.indisreplident, false) AS replica_identity,
       coalesce(i.indisclustered, false) AS clustered,
       k.conkey AS column_numbers,
       NULLIF(k.confrelid, 0) AS target,
       k.condeferrable AS deferrable
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_class AS ic ON ic.oid = i.indexrelid
LEFT JOIN pg_tablespace AS ts ON ts.oid = ic.reltablespace
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x')
  AND c.relpersistence <> 't'
  AND n.nspname = ANY (%(schemas)s)
ORDER BY k.oid
