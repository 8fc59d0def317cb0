-- What a dump will hold: tables, partitions and their roots in this snapshot, with what belongs to each by name.
-- since: 12
-- columns: schema, name, root, bytes, estimate, indexes, sequences, hypertable, readable, hidden
SELECT
    n.nspname AS schema,
    c.relname AS name,
    (SELECT ARRAY[home.nspname::text, root.relname::text] FROM pg_catalog.pg_class root
        JOIN pg_catalog.pg_namespace home ON home.oid = root.relnamespace
        WHERE c.relispartition AND root.oid = pg_catalog.pg_partition_root(c.oid)) AS root,
    pg_catalog.pg_table_size(c.oid) AS bytes,
    -- As the planner does: rows to a page when they were last counted, times the pages of now.
    CASE
        WHEN c.relkind = 'p' OR pg_catalog.pg_relation_size(c.oid) = 0 THEN 0
        WHEN c.relpages > 0 AND c.reltuples >= 0 THEN (
            c.reltuples::float8 / c.relpages
            * (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int)
        )::bigint
    END AS estimate,
    ARRAY(
        SELECT i.relname::text FROM pg_catalog.pg_index x
        JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = c.oid ORDER BY 1
    ) AS indexes,
    ARRAY(
        SELECT s.relname::text FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = c.oid AND d.deptype IN ('a', 'i') ORDER BY 1
    ) AS sequences,
    EXISTS (
        SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'ts_insert_blocker'
    ) AS hypertable,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    pg_catalog.row_security_active(c.oid) AS hidden
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
    AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
    )
ORDER BY 1, 2
