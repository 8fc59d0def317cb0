-- Indexes of tables and materialized views in the given schemas that no constraint owns.
-- since: 12
-- columns: oid, relid, name, definition, prefix, unique, valid, derived, tablespace, replica_identity,
--   clustered, method, column_numbers, statistics
SELECT i.indexrelid AS oid,
       i.indrelid AS relid,
       ic.relname AS name,
       pg_get_indexdef(i.indexrelid) AS definition,
       'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(ic.relname)
           || ' ON ' || CASE WHEN ic.relkind = 'I' THEN 'ONLY ' ELSE '' END
           || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' ' AS prefix,
       i.indisunique AS unique,
       i.indisvalid AS valid,
       EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhrelid = i.indexrelid) AS derived,
       ts.spcname AS tablespace,
       i.indisreplident AS replica_identity,
       i.indisclustered AS clustered,
       am.amname AS method,
       i.indkey::int2[] AS column_numbers,
       CASE WHEN i.indexprs IS NOT NULL
            THEN (SELECT array_agg(format('%%s=%%s', a.attnum, a.attstattarget) ORDER BY a.attnum)
                  FROM pg_attribute AS a
                  WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) END AS statistics
FROM pg_index AS i
JOIN pg_class AS ic ON ic.oid = i.indexrelid
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_am AS am ON am.oid = ic.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = ic.reltablespace
WHERE c.relkind IN ('r', 'p', 'm')
  AND c.relpersistence <> 't'
  AND n.nspname = ANY (%(schemas)s)
  AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY i.indexrelid
