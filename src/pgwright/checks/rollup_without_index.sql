-- Tables of some size, partitions and chunks within their parents, and the first columns of their indexes.
-- since: 12
-- columns: schema, table, estimated_rows, leading
SELECT n.nspname::text AS schema,
       c.relname::text AS "table",
       t.estimated_rows,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.pg_index AS i
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL) AS leading
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT (sum(greatest(p.reltuples, 0)))::bigint AS estimated_rows
    FROM pg_catalog.pg_class AS p
    WHERE p.oid = c.oid AND p.relkind = 'r'
        OR p.oid IN (SELECT h.inhrelid FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = c.oid)) AS t
WHERE c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND n.nspname !~ '^(pg_|_timescaledb_)'
    AND t.estimated_rows >= 10000
ORDER BY 1, 2
