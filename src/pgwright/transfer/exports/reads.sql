-- What the query of a view reads: columns (all of a relation's, where it takes whole rows), and users' functions.
-- since: 12
-- columns: relation, number, function
SELECT DISTINCT d.refobjid::bigint AS relation, a.attnum AS number, NULL::text AS function
FROM pg_catalog.pg_rewrite w
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> w.ev_class
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum > 0 AND NOT a.attisdropped
    -- A whole row leaves no trace in pg_depend, only in the tree of the query.
    AND (a.attnum = d.refobjsubid OR w.ev_action::text LIKE '%%:varattno 0 %%')
WHERE w.ev_class = %(view)s
UNION ALL
SELECT NULL, NULL, p.oid::regprocedure::text
FROM pg_catalog.pg_rewrite w
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
    AND d.refclassid = 'pg_catalog.pg_proc'::regclass
JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
WHERE w.ev_class = %(view)s
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
