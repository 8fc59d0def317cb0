-- Functions and types of users that tables, chosen by their `oids`, cannot stand without, as pg_dump brings none of
-- them along with tables chosen by name: what needs each, its name, and the catalog that it is in.
-- since: 12
-- columns: part, kind, schema, name
WITH part (classid, objid, said) AS (
    SELECT 'pg_trigger'::regclass, t.oid, pg_catalog.format('trigger %%s of %%s', t.tgname, t.tgrelid::regclass)
    FROM pg_catalog.pg_trigger t WHERE t.tgrelid = ANY (%(oids)s::oid[]) AND NOT t.tgisinternal
    UNION ALL
    SELECT 'pg_policy'::regclass, p.oid, pg_catalog.format('row policy %%s of %%s', p.polname, p.polrelid::regclass)
    FROM pg_catalog.pg_policy p WHERE p.polrelid = ANY (%(oids)s::oid[])
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid, pg_catalog.format('constraint %%s of %%s', k.conname, k.conrelid::regclass)
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = ANY (%(oids)s::oid[])
    UNION ALL
    SELECT 'pg_attrdef'::regclass, f.oid, pg_catalog.format('a default of %%s', f.adrelid::regclass)
    FROM pg_catalog.pg_attrdef f WHERE f.adrelid = ANY (%(oids)s::oid[])
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, pg_catalog.format('index %%s', i.indexrelid::regclass)
    FROM pg_catalog.pg_index i WHERE i.indrelid = ANY (%(oids)s::oid[])
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, pg_catalog.format('table %%s', c.oid::regclass)
    FROM pg_catalog.pg_class c WHERE c.oid = ANY (%(oids)s::oid[])
), needed AS (
    SELECT part.said, 'function' AS kind, p.oid, d.refclassid, p.pronamespace AS namespace, p.proname AS name
    FROM part
    JOIN pg_catalog.pg_depend d ON (d.classid, d.objid) = (part.classid, part.objid)
    JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass
    UNION ALL
    SELECT part.said, 'type', e.oid, d.refclassid, e.typnamespace, e.typname
    FROM part
    JOIN pg_catalog.pg_depend d ON (d.classid, d.objid) = (part.classid, part.objid)
    JOIN pg_catalog.pg_type t ON t.oid = d.refobjid AND d.refclassid = 'pg_type'::regclass
    -- an array goes with its element, the type of a row with its table
    JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typlen = -1 AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
    LEFT JOIN pg_catalog.pg_class r ON r.oid = e.typrelid
    WHERE coalesce(r.relkind, 'c') = 'c'
)
SELECT min(needed.said) AS part, needed.kind, n.nspname::text AS schema, needed.name::text AS name
FROM needed
JOIN pg_catalog.pg_namespace n ON n.oid = needed.namespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgwright')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = needed.refclassid AND e.objid = needed.oid AND e.deptype = 'e')
GROUP BY 2, 3, 4
ORDER BY 1, 2, 3, 4
