-- Owners of what can have one of its own: nothing that follows its table's, and no row or array types.
-- since: 12
-- columns: classid, objid, role, bootstrap
WITH read AS (
    SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = ANY (%(schemas)s)
), owned (classid, objid, roleid) AS (
    SELECT 'pg_namespace'::regclass, n.oid, n.nspowner
    FROM pg_namespace AS n
    WHERE n.nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, c.relowner
    FROM pg_class AS c
    WHERE c.relnamespace IN (SELECT oid FROM read)
      AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
      AND c.relpersistence <> 't'
      AND NOT (c.relkind = 'S' AND EXISTS (
          SELECT FROM pg_depend AS d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, p.proowner
    FROM pg_proc AS p
    WHERE p.pronamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, t.typowner
    FROM pg_type AS t
    LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE t.typnamespace IN (SELECT oid FROM read)
      AND (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.typarray = t.oid)
    UNION ALL
    SELECT 'pg_collation'::regclass, c.oid, c.collowner
    FROM pg_collation AS c
    WHERE c.collnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_operator'::regclass, o.oid, o.oprowner
    FROM pg_operator AS o
    WHERE o.oprnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_opfamily'::regclass, f.oid, f.opfowner
    FROM pg_opfamily AS f
    WHERE f.opfnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_opclass'::regclass, c.oid, c.opcowner
    FROM pg_opclass AS c
    WHERE c.opcnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_statistic_ext'::regclass, s.oid, s.stxowner
    FROM pg_statistic_ext AS s
    WHERE s.stxnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_publication'::regclass, p.oid, p.pubowner
    FROM pg_publication AS p
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, d.oid, d.dictowner
    FROM pg_ts_dict AS d
    WHERE d.dictnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_ts_config'::regclass, c.oid, c.cfgowner
    FROM pg_ts_config AS c
    WHERE c.cfgnamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, s.oid, s.srvowner
    FROM pg_foreign_server AS s
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, e.oid, e.evtowner
    FROM pg_event_trigger AS e
)
SELECT o.classid::oid AS classid,
       o.objid,
       r.rolname AS role,
       b.rolname AS bootstrap
FROM owned AS o
JOIN pg_roles AS r ON r.oid = o.roleid
JOIN pg_roles AS b ON b.oid = 10
ORDER BY o.classid, o.objid
