-- Tables and materialized views of users with sizes and upkeep; a partitioned table sums its partitions.
-- since: 12
-- columns: schema, name, kind, partition_of, partitions, total_bytes, table_bytes, index_bytes, toast_bytes,
--          estimated_rows, dead_rows, sequential_scans, index_scans, last_vacuum, last_analyze
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'm' THEN 'materialized view' ELSE 'partitioned table' END AS kind,
    (SELECT parent.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits parent
        WHERE c.relispartition AND parent.inhrelid = c.oid) AS partition_of,
    s.partitions::int AS partitions,
    s.total_bytes::bigint AS total_bytes,
    s.table_bytes::bigint AS table_bytes,
    s.index_bytes::bigint AS index_bytes,
    -- pg_table_size counts the visibility and free space maps as well; they stay with the table
    s.toast_bytes::bigint AS toast_bytes,
    s.estimated_rows::bigint AS estimated_rows,
    s.dead_rows::bigint AS dead_rows,
    s.sequential_scans::bigint AS sequential_scans,
    s.index_scans::bigint AS index_scans,
    s.last_vacuum,
    s.last_analyze
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE part.oid <> c.oid) AS partitions,
        coalesce(sum(pg_catalog.pg_total_relation_size(part.oid)), 0) AS total_bytes,
        coalesce(sum(pg_catalog.pg_table_size(part.oid)
            - coalesce(pg_catalog.pg_total_relation_size(nullif(part.reltoastrelid, 0)), 0)), 0) AS table_bytes,
        coalesce(sum(pg_catalog.pg_indexes_size(part.oid)), 0) AS index_bytes,
        coalesce(sum(pg_catalog.pg_total_relation_size(nullif(part.reltoastrelid, 0))), 0) AS toast_bytes,
        -- never analyzed: -1 from 14 on, 0 pages before
        CASE WHEN bool_and(part.reltuples >= 0 AND (part.reltuples > 0 OR part.relpages > 0 OR u.last_any))
            THEN sum(part.reltuples) END AS estimated_rows,
        sum(u.n_dead_tup) AS dead_rows,
        sum(u.seq_scan) AS sequential_scans,
        sum(u.idx_scan) AS index_scans,
        min(greatest(u.last_vacuum, u.last_autovacuum)) AS last_vacuum,
        min(greatest(u.last_analyze, u.last_autoanalyze)) AS last_analyze
    FROM pg_catalog.pg_partition_tree(c.oid) tree
    JOIN pg_catalog.pg_class part ON part.oid = tree.relid AND tree.isleaf
    LEFT JOIN LATERAL (
        SELECT s.*, coalesce(s.last_analyze, s.last_autoanalyze, s.last_vacuum, s.last_autovacuum)
            IS NOT NULL AS last_any
        FROM pg_catalog.pg_stat_all_tables s WHERE s.relid = part.oid
    ) u ON true
    -- not WHERE: an aggregate over no rows is a row all the same
    HAVING c.relkind = 'p'
    UNION ALL
    SELECT
        0,
        pg_catalog.pg_total_relation_size(c.oid),
        pg_catalog.pg_table_size(c.oid)
            - coalesce(pg_catalog.pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0),
        pg_catalog.pg_indexes_size(c.oid),
        coalesce(pg_catalog.pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0),
        CASE WHEN c.reltuples > 0 OR (c.reltuples = 0 AND (c.relpages > 0
            OR coalesce(u.last_analyze, u.last_autoanalyze, u.last_vacuum, u.last_autovacuum) IS NOT NULL))
            THEN c.reltuples END,
        u.n_dead_tup,
        u.seq_scan,
        u.idx_scan,
        greatest(u.last_vacuum, u.last_autovacuum),
        greatest(u.last_analyze, u.last_autoanalyze)
    FROM (SELECT) one
    LEFT JOIN pg_catalog.pg_stat_all_tables u ON u.relid = c.oid
    WHERE c.relkind <> 'p'
) s
WHERE c.relkind IN ('r', 'm', 'p')
    AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY s.total_bytes DESC, n.nspname, c.relname
