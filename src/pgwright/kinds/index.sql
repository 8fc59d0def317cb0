-- Indexes of tables and materialized views in the given schemas that no constraint owns.
-- `definition` is NULL where it is nothing but ``USING btree (column, …)``: pg_get_indexdef() searches all
-- operator classes for each key, which is most of the time that a large catalog takes.
-- since: 12
-- columns: oid, relid, name, definition, prefix, unique, valid, derived, tablespace, replica_identity,
--   clustered, method, column_numbers, statistics
WITH silent AS (
    -- Built-in classes that are never named: the default of a type for which another type can stand only
    -- when it has no default of its own, as varchar does for text.
    SELECT array_agg(o.oid) AS classes
    FROM pg_opclass AS o
    JOIN pg_type AS t ON t.oid = o.opcintype AND t.typtype = 'b'
    WHERE o.opcmethod = 403
      AND o.opcdefault
      AND o.oid < 16384
      AND NOT EXISTS (
          SELECT
          FROM pg_cast AS k
          WHERE k.casttarget = t.oid
            AND k.castmethod = 'b'
            AND k.castcontext = 'i'
            AND (k.castsource >= 16384
                 OR k.castsource IN (SELECT d.opcintype FROM pg_opclass AS d WHERE d.opcmethod = 403 AND d.opcdefault)))
), special AS (
    -- Relations with a column that has a collation of its own (100 is the database's), or a name in quotes.
    SELECT a.attrelid AS relid
    FROM pg_attribute AS a
    WHERE a.attnum > 0
      AND NOT a.attisdropped
      AND (a.attcollation NOT IN (0, 100) OR quote_ident(a.attname) <> a.attname)
)
SELECT i.indexrelid AS oid,
       i.indrelid AS relid,
       ic.relname AS name,
       CASE WHEN NOT (c.relkind IN ('r', 'p')  -- whose columns are known
                      AND ic.relam = 403
                      AND i.indclass::oid[] <@ (SELECT classes FROM silent)
                      AND i.indcollation::oid[] <@ ARRAY[0, 100]::oid[]
                      AND 0 = ALL (i.indoption::int2[])
                      AND i.indnatts = i.indnkeyatts
                      AND i.indexprs IS NULL
                      AND i.indpred IS NULL
                      AND ic.reloptions IS NULL
                      AND NOT i.indisunique  -- NULLS NOT DISTINCT
                      AND i.indrelid NOT IN (SELECT relid FROM special))
            THEN pg_get_indexdef(i.indexrelid) END AS definition,
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
