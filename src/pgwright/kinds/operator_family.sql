-- Operator families of the given schemas without those of extensions: a row for each member that belongs to
-- no class, and one without a member where there is none.
-- since: 12
-- columns: oid, schema, name, method, member_catalog, member_oid, slot, clause
WITH family AS (
    SELECT f.oid, n.nspname, f.opfname, am.amname
    FROM pg_opfamily AS f
    JOIN pg_namespace AS n ON n.oid = f.opfnamespace
    JOIN pg_am AS am ON am.oid = f.opfmethod
    WHERE n.nspname = ANY (%(schemas)s)
      AND NOT EXISTS (
          SELECT FROM pg_depend AS e
          WHERE e.classid = 'pg_opfamily'::regclass AND e.objid = f.oid AND e.deptype = 'e')
), member AS (
    SELECT f.oid AS family, 'pg_amop'::regclass AS catalog, o.oid, 1 AS sort, o.amopstrategy AS number,
           format('OPERATOR %%s (%%s, %%s)', o.amopstrategy,
                  format_type(o.amoplefttype, NULL), format_type(o.amoprighttype, NULL)) AS slot,
           format('OPERATOR %%s %%s', o.amopstrategy, o.amopopr::regoperator)
               || coalesce(' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' || quote_ident(s.opfname), '') AS clause
    FROM family AS f
    JOIN pg_amop AS o ON o.amopfamily = f.oid
    LEFT JOIN pg_opfamily AS s ON s.oid = o.amopsortfamily
    LEFT JOIN pg_namespace AS sn ON sn.oid = s.opfnamespace
    UNION ALL
    SELECT f.oid, 'pg_amproc'::regclass, p.oid, 2, p.amprocnum, t.slot, t.slot || ' ' || p.amproc::oid::regprocedure
    FROM family AS f
    JOIN pg_amproc AS p ON p.amprocfamily = f.oid
    CROSS JOIN LATERAL (
        SELECT format('FUNCTION %%s (%%s, %%s)', p.amprocnum,
                      format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL))) AS t (slot)
), loose AS (
    SELECT m.*
    FROM member AS m
    WHERE NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = m.catalog AND d.objid = m.oid AND d.refclassid = 'pg_opclass'::regclass)
)
SELECT f.oid,
       f.nspname AS schema,
       f.opfname AS name,
       f.amname AS method,
       m.catalog::oid AS member_catalog,
       m.oid AS member_oid,
       m.slot,
       m.clause
FROM family AS f
LEFT JOIN loose AS m ON m.family = f.oid
ORDER BY f.oid, m.sort, m.number, m.slot COLLATE "C"
