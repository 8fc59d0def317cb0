-- Tables of users with what an import or export needs: columns, unique keys, foreign keys.
-- Those that `named` lists (users or sales.users), which is much quicker; all where that is null. Instead, whatever
-- has columns and an oid in `oids`.
-- since: 12
-- columns: oid, schema, name, visible, row_security, rows, columns, keys, foreign_keys, children, ancestors, definition
WITH RECURSIVE base (oid, root) AS (
    SELECT t.oid, t.oid FROM pg_catalog.pg_type t
    UNION ALL
    SELECT b.oid, t.typbasetype
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.root
    WHERE t.typtype = 'd'
), plain AS (
    -- each type with domains resolved, and what a JSON value for it looks like
    SELECT b.oid, t.oid AS base, t.typname::text AS name, t.typelem, t.typrelid,
        CASE WHEN t.typname IN ('json', 'jsonb') THEN 'json'
            WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN 'array'
            WHEN t.typtype = 'c' THEN 'composite' ELSE 'scalar' END AS kind
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.root
    WHERE t.typtype <> 'd'
)
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    pg_catalog.pg_table_is_visible(c.oid) AS visible,
    pg_catalog.row_security_active(c.oid) AS row_security,
    greatest(c.reltuples, 0)::bigint AS rows,
    a.columns,
    k.keys,
    f.foreign_keys,
    ARRAY(
        WITH RECURSIVE below (oid) AS (
            SELECT c.oid UNION ALL
            SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b ON b.oid = i.inhparent)
        SELECT oid::bigint FROM below) AS children,
    up.ancestors,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    WITH RECURSIVE above (oid, distance) AS (
        SELECT i.inhparent, 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid UNION ALL
        SELECT i.inhparent, distance + 1 FROM pg_catalog.pg_inherits i JOIN above ON above.oid = i.inhrelid)
    SELECT coalesce(pg_catalog.array_agg(above.oid ORDER BY distance), '{}') AS oids,
        coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(ns.nspname, a.relname) ORDER BY distance), '[]')
            AS ancestors
    FROM above
    JOIN pg_catalog.pg_class a ON a.oid = above.oid
    JOIN pg_catalog.pg_namespace ns ON ns.oid = a.relnamespace
) up
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'number', att.attnum,
        'name', att.attname,
        'type', pg_catalog.format_type(att.atttypid, att.atttypmod),
        'base', p.name,
        'precision', CASE WHEN p.name = 'numeric' THEN nullif(
            CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE att.atttypmod END, -1) END,
        'not_null', att.attnotnull,
        'default', att.atthasdef OR att.attidentity <> '' OR t.typdefault IS NOT NULL,
        'generated', att.attgenerated <> '',
        'identity', att.attidentity::text,
        'sequence', pg_catalog.pg_get_serial_sequence(
            pg_catalog.format('%%I.%%I', n.nspname, c.relname), att.attname),
        'comment', (
            SELECT d.description
            FROM pg_catalog.unnest(c.oid || up.oids) WITH ORDINALITY place(oid, at)
            JOIN pg_catalog.pg_attribute same ON same.attrelid = place.oid AND same.attname = att.attname
            JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_class'::regclass
                AND d.objoid = place.oid AND d.objsubid = same.attnum
            ORDER BY place.at LIMIT 1),
        'shape', CASE p.kind
            WHEN 'scalar' THEN NULL
            WHEN 'json' THEN pg_catalog.json_build_object('kind', 'json')
            WHEN 'composite' THEN pg_catalog.json_build_object('kind', 'composite', 'fields', parts.fields)
            WHEN 'array' THEN pg_catalog.json_build_object('kind', 'array', 'element',
                pg_catalog.json_build_object('kind', e.kind, 'fields', parts.fields)) END
        ) ORDER BY att.attnum), '[]') AS columns
    FROM pg_catalog.pg_attribute att
    JOIN pg_catalog.pg_type t ON t.oid = att.atttypid
    JOIN plain p ON p.oid = att.atttypid
    LEFT JOIN plain e ON e.oid = p.typelem AND p.kind = 'array'
    LEFT JOIN LATERAL (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
            'name', part.attname,
            'shape', pg_catalog.json_build_object('kind', fp.kind, 'element',
                pg_catalog.json_build_object('kind', fe.kind))) ORDER BY part.attnum) AS fields
        FROM pg_catalog.pg_attribute part
        JOIN plain fp ON fp.oid = part.atttypid
        LEFT JOIN plain fe ON fe.oid = fp.typelem AND fp.kind = 'array'
        WHERE part.attrelid IN (p.typrelid, e.typrelid) AND part.attrelid <> 0
            AND part.attnum > 0 AND NOT part.attisdropped
    ) parts ON p.kind = 'composite' OR e.kind = 'composite'
    WHERE att.attrelid = c.oid AND att.attnum > 0 AND NOT att.attisdropped
) a
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', home.relname,
        'primary', x.indisprimary,
        'columns', (
            SELECT pg_catalog.json_agg(att.attname ORDER BY place.at)
            FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY place(attnum, at)
            JOIN pg_catalog.pg_attribute att ON att.attrelid = c.oid AND att.attnum = place.attnum
            WHERE place.at <= x.indnkeyatts)
        ) ORDER BY x.indisprimary DESC, x.indexrelid), '[]') AS keys
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class home ON home.oid = x.indexrelid
    WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indimmediate
        AND x.indpred IS NULL AND x.indexprs IS NULL
) k
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', con.conname,
        'deferrable', con.condeferrable,
        'to', con.confrelid::bigint,
        'columns', (
            SELECT pg_catalog.json_agg(att.attname ORDER BY place.at)
            FROM pg_catalog.unnest(con.conkey) WITH ORDINALITY place(attnum, at)
            JOIN pg_catalog.pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = place.attnum),
        'referenced', (
            SELECT pg_catalog.json_agg(att.attname ORDER BY place.at)
            FROM pg_catalog.unnest(con.confkey) WITH ORDINALITY place(attnum, at)
            JOIN pg_catalog.pg_attribute att ON att.attrelid = con.confrelid AND att.attnum = place.attnum)
        ) ORDER BY con.conname), '[]') AS foreign_keys
    FROM pg_catalog.pg_constraint con
    WHERE con.conrelid = c.oid AND con.contype = 'f'
        -- a key to a partitioned table has further entries, one for each partition
        AND con.conparentid = 0
) f
WHERE CASE WHEN %(oids)s::oid[] IS NOT NULL THEN c.oid = ANY (%(oids)s::oid[])
    ELSE c.relkind IN ('r', 'p')
        AND (%(named)s::text[] IS NULL OR c.relname = ANY (%(named)s)
            OR n.nspname || '.' || c.relname = ANY (%(named)s))
        AND c.relpersistence <> 't'
        AND n.nspname !~ '^pg_'
        AND n.nspname NOT IN ('information_schema', 'pgwright', '_timescaledb_internal', '_timescaledb_catalog',
            '_timescaledb_config', '_timescaledb_cache')
    END
ORDER BY n.nspname, c.relname
