-- Foreign keys that no index of the referring table serves.
-- since: 12
-- columns: schema, table, constraint, columns, referenced, estimated_rows
SELECT
    n.nspname::text AS schema,
    c.relname::text AS "table",
    con.conname::text AS "constraint",
    (SELECT array_agg(a.attname::text ORDER BY k.position)
        FROM unnest(con.conkey) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum) AS columns,
    con.confrelid::pg_catalog.regclass::text AS referenced,
    nullif(greatest(c.reltuples, 0), 0)::bigint AS estimated_rows
FROM pg_catalog.pg_constraint con
JOIN pg_catalog.pg_class c ON c.oid = con.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE con.contype = 'f'
    AND con.conparentid = 0
    AND n.nspname !~ '^(pg_|_timescaledb_)'
    AND NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        JOIN pg_catalog.pg_am am ON am.oid = x.relam
        CROSS JOIN LATERAL (SELECT (i.indkey::int2[])[0:cardinality(con.conkey) - 1] AS prefix) p
        WHERE i.indrelid = con.conrelid
            AND i.indisvalid
            AND am.amname IN ('btree', 'hash')
            -- the key's columns, in any order, must be the first ones; included columns do not count
            AND i.indnkeyatts >= cardinality(con.conkey)
            AND p.prefix @> con.conkey
            AND p.prefix <@ con.conkey
            -- the check of a key never looks for NULL, so an index of the other rows serves it
            AND (i.indpred IS NULL OR EXISTS (
                SELECT 1 FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = con.conrelid
                    AND a.attnum = ANY (con.conkey)
                    AND pg_catalog.pg_get_expr(i.indpred, i.indrelid)
                        = '(' || pg_catalog.quote_ident(a.attname) || ' IS NOT NULL)'))
    )
ORDER BY 1, 2, 3
