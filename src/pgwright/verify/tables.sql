-- Tables, materialized views, partition roots and partitions of users, with what a checksum of their rows needs.
-- since: 12
-- columns: schema, name, partition, whole, pages, rows, key, ordered, columns
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relispartition AS partition,
    -- Rows of children count as the table's own for a partition root and for a hypertable, whose chunks
    -- inherit from it; elsewhere inheritance children are tables to be looked at themselves.
    c.relkind = 'p' OR EXISTS (
        SELECT FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace home ON home.oid = child.relnamespace
        WHERE i.inhparent = c.oid AND home.nspname = '_timescaledb_internal') AS whole,
    s.pages::bigint AS pages,
    s.rows::bigint AS rows,
    k.key,
    coalesce((
        SELECT pg_catalog.abs(t.correlation) > 0.9
        FROM pg_catalog.pg_stats t
        WHERE t.schemaname = n.nspname AND t.tablename = c.relname AND t.attname = k.key[1] AND NOT t.inherited
        ), false) AS ordered,
    a.columns
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT
        max(pg_catalog.pg_relation_size(part.oid)) / current_setting('block_size')::int AS pages,
        -- a table that was never analyzed says -1 (0 before 14); what a root says its leaves say again
        sum(CASE WHEN part.relkind = 'p' THEN 0 WHEN part.reltuples > 0 THEN part.reltuples
            ELSE pg_catalog.pg_relation_size(part.oid) / 100 END) AS rows
    FROM pg_catalog.pg_class part
    WHERE part.oid = c.oid
        OR part.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p')
        OR (c.relkind = 'r' AND c.relhassubclass
            AND part.oid IN (SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = c.oid))
) s
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', att.attname,
        'type', pg_catalog.format_type(att.atttypid, att.atttypmod),
        'base', CASE WHEN home.nspname = 'pg_catalog' AND coalesce(col.collisdeterministic, true)
            THEN base.typname END,
        'generated', att.attgenerated <> '' ) ORDER BY att.attnum), '[]') AS columns
    FROM pg_catalog.pg_attribute att
    JOIN pg_catalog.pg_type t ON t.oid = att.atttypid
    JOIN pg_catalog.pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    JOIN pg_catalog.pg_namespace home ON home.oid = base.typnamespace
    LEFT JOIN pg_catalog.pg_collation col ON col.oid = att.attcollation
    WHERE att.attrelid = c.oid AND att.attnum > 0 AND NOT att.attisdropped
) a
LEFT JOIN LATERAL (
    SELECT (
        SELECT pg_catalog.array_agg(att.attname::text ORDER BY place.at)
        FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY place(attnum, at)
        JOIN pg_catalog.pg_attribute att ON att.attrelid = c.oid AND att.attnum = place.attnum
        WHERE place.at <= x.indnkeyatts) AS key
    FROM pg_catalog.pg_index x
    WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indimmediate
        AND x.indpred IS NULL AND x.indexprs IS NULL
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute att
            WHERE att.attrelid = c.oid AND att.attnum = ANY (x.indkey::int2[]) AND NOT att.attnotnull)
    ORDER BY x.indisprimary DESC, x.indnkeyatts, x.indexrelid
    LIMIT 1
) k ON true
WHERE c.relkind IN ('r', 'p', 'm')
    AND (c.relkind <> 'm' OR c.relispopulated)
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'pgwright')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.deptype = 'e' AND ((d.classid = 'pg_class'::regclass AND d.objid = c.oid)
            OR (d.classid = 'pg_namespace'::regclass AND d.objid = n.oid)))
ORDER BY n.nspname, c.relname
