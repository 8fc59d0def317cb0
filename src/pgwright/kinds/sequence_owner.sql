-- The columns that own sequences (OWNED BY), in the given schemas.
-- since: 12
-- columns: sequence, relid, number, column_name
SELECT d.objid AS sequence,
       d.refobjid AS relid,
       d.refobjsubid AS number,
       a.attname AS column_name
FROM pg_depend AS d
JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S' AND c.relpersistence <> 't'
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass
  AND d.refclassid = 'pg_class'::regclass
  AND d.deptype = 'a'
  AND n.nspname = ANY (%(schemas)s)
ORDER BY d.objid
