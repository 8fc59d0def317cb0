-- Indexes that are the same as another one of their table, with the one that should stay.
-- since: 12
-- columns: schema, table, name, constraint, keep, keep_is_constraint, size_bytes, definition
WITH described AS (
    SELECT
        n.nspname,
        t.relname AS table_name,
        c.relname,
        con.conname,
        pg_catalog.pg_relation_size(c.oid) AS size_bytes,
        pg_catalog.pg_get_indexdef(c.oid) AS definition,
        row_number() OVER same AS position,
        first_value(c.relname) OVER same AS keep,
        first_value(con.conname) OVER same AS keep_constraint
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_constraint con
        ON con.conindid = c.oid AND con.conrelid = t.oid AND con.contype IN ('p', 'u', 'x')
    WHERE i.indisvalid
        AND NOT c.relispartition
        AND n.nspname !~ '^(pg_|_timescaledb_)'
    WINDOW same AS (
        PARTITION BY i.indrelid, c.relam, i.indkey::text, i.indnkeyatts, i.indclass::text, i.indcollation::text,
            i.indoption::text, pg_catalog.pg_get_expr(i.indexprs, i.indrelid),
            pg_catalog.pg_get_expr(i.indpred, i.indrelid), con.contype IS NOT DISTINCT FROM 'x',
            -- not known before 15
            coalesce(pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct', 'false')
        -- what cannot go, or would take something along, comes first
        ORDER BY
            i.indisprimary DESC,
            EXISTS (SELECT 1 FROM pg_catalog.pg_constraint f WHERE f.conindid = c.oid AND f.contype = 'f') DESC,
            con.oid IS NOT NULL DESC,
            i.indisunique DESC,
            i.indisreplident DESC,
            i.indisclustered DESC,
            c.relname
    )
)
SELECT
    nspname::text AS schema,
    table_name::text AS "table",
    relname::text AS name,
    conname::text AS "constraint",
    keep::text AS keep,
    keep_constraint IS NOT NULL AS keep_is_constraint,
    size_bytes,
    definition
FROM described
WHERE position > 1
ORDER BY 1, 2, 3
