-- The objects that belong to extensions.
-- since: 12
-- columns: classid, objid, extension
SELECT d.classid::bigint AS classid, d.objid::bigint AS objid, d.refobjid::bigint AS extension
FROM pg_depend AS d
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
