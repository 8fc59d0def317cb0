-- What depends on what among objects that users made. That a column owns a sequence is left out: it is an
-- object of its own, and as a dependency it would make a circle with the column's default. So are the types
-- that belong to a table or another type, and the triggers behind foreign keys: they are no objects of their own.
-- since: 12
-- columns: classid, objid, subid, refclassid, refobjid, refsubid
SELECT d.classid::bigint AS classid, d.objid::bigint AS objid, d.objsubid AS subid,
       d.refclassid::bigint AS refclassid, d.refobjid::bigint AS refobjid, d.refobjsubid AS refsubid
FROM pg_depend AS d
WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S')
  AND d.objid >= 16384
  AND d.refobjid >= 16384
  AND NOT (d.deptype = 'i' AND d.classid IN ('pg_type'::regclass, 'pg_trigger'::regclass))
  AND NOT (d.deptype = 'a' AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjsubid > 0
           AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = d.objid AND c.relkind = 'S'))
