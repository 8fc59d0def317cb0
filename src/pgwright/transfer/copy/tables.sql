-- Relations whose rows are copied: tables and partitions of users, and what extensions mark as users' data.
-- since: 12
-- columns: oid, schema, name, root_schema, root_name, bytes, pages, condition, columns, triggers
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    root_home.nspname::text AS root_schema,
    root.relname::text AS root_name,
    pg_catalog.pg_table_size(c.oid)::bigint AS bytes,
    (pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int)::bigint AS pages,
    config.condition,
    a.columns,
    EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS triggers
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class root
    ON root.oid = CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::oid ELSE c.oid END
JOIN pg_catalog.pg_namespace root_home ON root_home.oid = root.relnamespace
LEFT JOIN LATERAL (
    SELECT coalesce(marked.condition, '') AS condition
    FROM pg_catalog.pg_extension e,
        unnest(e.extconfig, e.extcondition) marked(oid, condition)
    WHERE marked.oid = c.oid
    LIMIT 1
) config ON true
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', att.attname,
        'type', pg_catalog.format_type(att.atttypid, att.atttypmod),
        -- The binary form of a type outside of pg_catalog, of arrays of one, and of names of objects holds
        -- OIDs or belongs to a version of an extension; that of an enum is its label.
        'binary', base.typtype = 'e' OR (base.oid < 16384 AND base.typtype IN ('b', 'r', 'm')
            AND base.typsend <> 0 AND base.typname !~ '^_?(reg|aclitem)')) ORDER BY att.attnum
        ), '[]') AS columns
    FROM pg_catalog.pg_attribute att
    JOIN pg_catalog.pg_type t ON t.oid = att.atttypid
    JOIN pg_catalog.pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    WHERE att.attrelid = c.oid AND att.attnum > 0 AND NOT att.attisdropped AND att.attgenerated = ''
) a
WHERE c.relkind = 'r'
    AND c.relpersistence <> 't'
    AND n.nspname <> 'pgwright'
    AND (config.condition IS NOT NULL OR (
        n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')))
ORDER BY c.oid
