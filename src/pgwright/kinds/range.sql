-- Range types of the given schemas; PostgreSQL before 14 has no multiranges.
-- since: 12
-- columns: oid, array_oid, multirange_oid, multirange_array_oid, schema, name, subtype, opclass, collation,
--   canonical, subtype_diff, multirange_schema, multirange_name, constructors
SELECT t.oid,
       t.typarray AS array_oid,
       NULL::oid AS multirange_oid,
       NULL::oid AS multirange_array_oid,
       n.nspname AS schema,
       t.typname AS name,
       format_type(r.rngsubtype, NULL) AS subtype,
       CASE WHEN NOT oc.opcdefault
            THEN quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname) END AS opclass,
       CASE WHEN r.rngcollation <> s.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
       CASE WHEN r.rngcanonical::oid <> 0 THEN r.rngcanonical::text END AS canonical,
       CASE WHEN r.rngsubdiff::oid <> 0 THEN r.rngsubdiff::text END AS subtype_diff,
       NULL::text AS multirange_schema,
       NULL::text AS multirange_name,
       ARRAY(
           SELECT d.objid
           FROM pg_depend AS d
           WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'i'
             AND d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid)) AS constructors
FROM pg_range AS r
JOIN pg_type AS t ON t.oid = r.rngtypid
JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_type AS s ON s.oid = r.rngsubtype
JOIN pg_opclass AS oc ON oc.oid = r.rngsubopc
JOIN pg_namespace AS ocn ON ocn.oid = oc.opcnamespace
LEFT JOIN pg_collation AS co ON co.oid = r.rngcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY t.oid
