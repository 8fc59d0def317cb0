-- Extensions of the database, without plpgsql, which every database has.
-- since: 12
-- columns: oid, name, schema, version, relocatable, keeps_rows
SELECT e.oid,
       e.extname AS name,
       n.nspname AS schema,
       e.extversion AS version,
       e.extrelocatable AS relocatable,
       EXISTS (
           SELECT FROM pg_depend AS d
           JOIN pg_class AS c ON c.oid = d.objid
           WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
             AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'm', 'S')
       ) AS keeps_rows
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
ORDER BY e.oid
