-- Everything in the given schemas, and in the database outside of schemas, that no kind covers.
-- since: 12
-- columns: what, name, classid, objid
WITH member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), found (what, name, classid, objid) AS (
    SELECT 'text search parser', n.nspname || '.' || o.prsname, 'pg_ts_parser'::regclass, o.oid
    FROM pg_ts_parser AS o JOIN pg_namespace AS n ON n.oid = o.prsnamespace
    WHERE n.nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT 'text search template', n.nspname || '.' || o.tmplname, 'pg_ts_template'::regclass, o.oid
    FROM pg_ts_template AS o JOIN pg_namespace AS n ON n.oid = o.tmplnamespace
    WHERE n.nspname = ANY (%(schemas)s)
    UNION ALL
    -- A class that users made belongs to a family, which may be one of PostgreSQL's own.
    SELECT DISTINCT 'member of operator family', n.nspname || '.' || f.opfname || ' using ' || am.amname,
           NULL::regclass, 16384::oid
    FROM (SELECT 'pg_amop'::regclass, o.oid, o.amopfamily FROM pg_amop AS o
          UNION ALL
          SELECT 'pg_amproc'::regclass, p.oid, p.amprocfamily FROM pg_amproc AS p) AS m (classid, objid, family)
    JOIN pg_opfamily AS f ON f.oid = m.family AND f.oid < 16384
    JOIN pg_namespace AS n ON n.oid = f.opfnamespace
    JOIN pg_am AS am ON am.oid = f.opfmethod
    WHERE m.objid >= 16384
      AND NOT EXISTS (
          SELECT FROM pg_depend AS d
          WHERE d.classid = m.classid AND d.objid = m.objid AND d.refclassid = 'pg_opclass'::regclass)
    UNION ALL
    SELECT 'conversion', n.nspname || '.' || o.conname, 'pg_conversion'::regclass, o.oid
    FROM pg_conversion AS o JOIN pg_namespace AS n ON n.oid = o.connamespace
    WHERE n.nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT CASE WHEN o.typisdefined THEN 'base type' ELSE 'shell type' END,
           n.nspname || '.' || o.typname, 'pg_type'::regclass, o.oid
    FROM pg_type AS o JOIN pg_namespace AS n ON n.oid = o.typnamespace
    WHERE n.nspname = ANY (%(schemas)s)
      AND ((o.typtype = 'b'
            -- The arrays of other types are theirs.
            AND NOT EXISTS (SELECT FROM pg_type AS element WHERE element.typarray = o.oid))
           OR NOT o.typisdefined)
    UNION ALL
    -- One that another operator names comes and goes with that.
    SELECT 'shell operator', n.nspname || '.' || o.oprname, 'pg_operator'::regclass, o.oid
    FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace
    WHERE o.oprcode = 0 AND n.nspname = ANY (%(schemas)s)
      AND NOT EXISTS (
          SELECT FROM pg_operator AS named WHERE named.oprcode <> 0 AND o.oid IN (named.oprcom, named.oprnegate))
    UNION ALL
    SELECT 'setting of a column of a materialized view',
           n.nspname || '.' || c.relname || '.' || a.attname, 'pg_class'::regclass, c.oid
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind = 'm'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE n.nspname = ANY (%(schemas)s)
      AND a.attnum > 0
      AND (NULLIF(a.attstattarget, -1) IS NOT NULL OR a.attstorage <> t.typstorage
           OR EXISTS (SELECT FROM unnest(a.attoptions) AS o WHERE NOT starts_with(o, 'pg_')))
    UNION ALL
    -- A column of an heir has its NOT NULL from its parent, under that name and as far as it was checked there.
    SELECT 'NOT NULL of an heir that is ' || CASE WHEN k.convalidated <> above.convalidated
               THEN 'validated' ELSE 'called ' || quote_ident(k.conname) END,
           n.nspname || '.' || c.relname || '.' || a.attname, NULL, k.oid
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    JOIN pg_inherits AS h ON h.inhrelid = k.conrelid AND h.inhseqno = 1
    JOIN pg_attribute AS b ON b.attrelid = h.inhparent AND b.attname = a.attname
    JOIN pg_constraint AS above
      ON above.conrelid = b.attrelid AND above.contype = 'n' AND above.conkey[1] = b.attnum
    WHERE k.contype = 'n'
      AND NOT above.connoinherit
      AND n.nspname = ANY (%(schemas)s)
      AND (k.convalidated <> above.convalidated
           OR (k.conname <> above.conname AND k.conname !~ '.+_.+_not_null[0-9]*$'))
    UNION ALL
    -- A partition has its triggers from its parent, switched on or off as those are.
    SELECT 'state of a trigger of a partition', n.nspname || '.' || c.relname || '.' || g.tgname,
           NULL::regclass, g.oid
    FROM pg_trigger AS g
    JOIN pg_class AS c ON c.oid = g.tgrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_depend AS d ON d.classid = 'pg_trigger'::regclass AND d.objid = g.oid AND d.refclassid = d.classid
    JOIN pg_trigger AS above ON above.oid = d.refobjid
    WHERE n.nspname = ANY (%(schemas)s) AND g.tgenabled <> above.tgenabled
      -- Before PostgreSQL 15 it marks all copies as its own, like those of foreign keys.
      AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.oid = g.tgconstraint AND k.contype = 'f')
    UNION ALL
    -- PostgreSQL takes a key for its parent's whether both are checked at the same time or not.
    SELECT 'key of a partition that is checked at another time than its parent''s',
           n.nspname || '.' || c.relname || '.' || k.conname, NULL, k.oid
    FROM pg_constraint AS k
    JOIN pg_constraint AS above ON above.oid = k.conparentid
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (%(schemas)s) AND k.contype IN ('p', 'u', 'x')
      AND (k.condeferrable, k.condeferred) <> (above.condeferrable, above.condeferred)
    UNION ALL
    SELECT 'event trigger', o.evtname::text, 'pg_event_trigger'::regclass, o.oid
    FROM pg_event_trigger AS o
    JOIN pg_proc AS p ON p.oid = o.evtfoid
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname <> ALL (%(schemas)s)
    UNION ALL
    SELECT 'language', o.lanname::text, 'pg_language'::regclass, o.oid
    FROM pg_language AS o
    WHERE o.lanname NOT IN ('internal', 'c', 'sql', 'plpgsql')
    UNION ALL
    SELECT 'foreign data wrapper', o.fdwname::text, 'pg_foreign_data_wrapper'::regclass, o.oid
    FROM pg_foreign_data_wrapper AS o
    UNION ALL
    -- The view, because the catalog itself may hold passwords and is closed to ordinary roles.
    SELECT 'user mapping', coalesce(o.usename::text, 'public') || ' on ' || o.srvname, 'pg_user_mapping'::regclass, o.umid
    FROM pg_user_mappings AS o
    UNION ALL
    SELECT 'transform', format_type(o.trftype, NULL) || ' for ' || l.lanname, 'pg_transform'::regclass, o.oid
    FROM pg_transform AS o JOIN pg_language AS l ON l.oid = o.trflang
    UNION ALL
    SELECT 'access method', o.amname::text, 'pg_am'::regclass, o.oid
    FROM pg_am AS o
    UNION ALL
    SELECT 'subscription', o.subname::text, NULL, o.oid
    FROM pg_subscription AS o
    JOIN pg_database AS d ON d.oid = o.subdbid
    WHERE d.datname = current_database()
    UNION ALL
    -- Not from the view pg_seclabels: it joins each kind of object, which takes long to plan.
    SELECT 'security label', o.provider || ' on ' || i.type || ' ' || i.identity, NULL, 16384::oid
    FROM (SELECT provider, classoid, objoid, objsubid FROM pg_seclabel
          UNION ALL
          SELECT s.provider, s.classoid, s.objoid, 0 FROM pg_shseclabel AS s
          WHERE s.classoid = 'pg_subscription'::regclass) AS o,
    LATERAL pg_identify_object(o.classoid, o.objoid, o.objsubid) AS i
    UNION ALL
    SELECT 'setting of the database',
           split_part(setting, '=', 1) || CASE WHEN o.setrole = 0 THEN '' ELSE ' for ' || pg_get_userbyid(o.setrole) END,
           NULL, 16384::oid
    FROM pg_db_role_setting AS o
    JOIN pg_database AS d ON d.oid = o.setdatabase AND d.datname = current_database(),
    LATERAL unnest(o.setconfig) AS setting
    UNION ALL
    SELECT 'large objects', count(*)::text, NULL, 16384::oid
    FROM pg_largeobject_metadata
    HAVING count(*) > 0
)
SELECT f.what, f.name,
       -- The setting of a column is no object, which something could depend on.
       CASE WHEN f.what NOT LIKE 'setting %%' THEN f.classid::oid::bigint END AS classid,
       f.objid::bigint AS objid
FROM found AS f
WHERE f.objid >= 16384
  AND NOT EXISTS (SELECT FROM member AS m WHERE m.classid = f.classid AND m.objid = f.objid)
ORDER BY f.what COLLATE "C", f.name COLLATE "C"
