-- Operator classes of the given schemas without those of extensions: a row for each member that belongs to the
-- class and not only to its family, and one without a member where there is none.
-- since: 12
-- columns: oid, schema, name, method, family, type, storage, default, member_catalog, member_oid, slot, clause
WITH class AS (
    SELECT c.*, n.nspname, am.amname, quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) AS family
    FROM pg_opclass AS c
    JOIN pg_namespace AS n ON n.oid = c.opcnamespace
    JOIN pg_am AS am ON am.oid = c.opcmethod
    JOIN pg_opfamily AS f ON f.oid = c.opcfamily
    JOIN pg_namespace AS fn ON fn.oid = f.opfnamespace
    WHERE n.nspname = ANY (%(schemas)s)
      AND NOT EXISTS (
          SELECT FROM pg_depend AS e
          WHERE e.classid = 'pg_opclass'::regclass AND e.objid = c.oid AND e.deptype = 'e')
), member AS (
    SELECT c.oid AS class, 'pg_amop'::regclass AS catalog, o.oid, 1 AS sort, o.amopstrategy AS number,
           format('OPERATOR %%s (%%s, %%s)', o.amopstrategy,
                  format_type(o.amoplefttype, NULL), format_type(o.amoprighttype, NULL)) AS slot,
           format('OPERATOR %%s %%s', o.amopstrategy, o.amopopr::regoperator)
               || coalesce(' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' || quote_ident(s.opfname), '') AS clause
    FROM class AS c
    JOIN pg_depend AS d
      ON d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_amop'::regclass
    JOIN pg_amop AS o ON o.oid = d.objid
    LEFT JOIN pg_opfamily AS s ON s.oid = o.amopsortfamily
    LEFT JOIN pg_namespace AS sn ON sn.oid = s.opfnamespace
    UNION ALL
    SELECT c.oid, 'pg_amproc'::regclass, p.oid, 2, p.amprocnum, t.slot, t.slot || ' ' || p.amproc::oid::regprocedure
    FROM class AS c
    JOIN pg_depend AS d
      ON d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_amproc'::regclass
    JOIN pg_amproc AS p ON p.oid = d.objid
    CROSS JOIN LATERAL (
        SELECT format('FUNCTION %%s (%%s, %%s)', p.amprocnum,
                      format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL))) AS t (slot)
)
SELECT c.oid,
       c.nspname AS schema,
       c.opcname AS name,
       c.amname AS method,
       c.family,
       format_type(c.opcintype, NULL) AS type,
       CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END AS storage,
       c.opcdefault AS default,
       m.catalog::oid AS member_catalog,
       m.oid AS member_oid,
       m.slot,
       m.clause
FROM class AS c
LEFT JOIN member AS m ON m.class = c.oid
ORDER BY c.oid, m.sort, m.number, m.slot COLLATE "C"
