-- What TimescaleDB does with its hypertables, whoever told it to: the columns by which it compresses a table or
-- any chunk of it, whether a chunk is compressed by now, and after which time its job drops chunks.
-- since: 12
-- requires: timescaledb
-- columns: relation, columns, compressed, packed, keep
SELECT c.oid AS relation,
       coalesce(s.columns, '{}') AS columns,
       s.columns IS NOT NULL AS compressed,
       coalesce(s.packed, false) AS packed,
       coalesce(j.keep, '') AS keep
FROM _timescaledb_catalog.hypertable AS h
JOIN pg_namespace AS n ON n.nspname = h.schema_name
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = h.table_name
LEFT JOIN (
    SELECT coalesce(i.inhparent, s.relid)::oid AS relation,
           array_agg(DISTINCT k.name::text) FILTER (WHERE k.name IS NOT NULL) AS columns,
           bool_or(i.inhparent IS NOT NULL) AS packed
    FROM _timescaledb_catalog.compression_settings AS s
    LEFT JOIN pg_inherits AS i ON i.inhrelid = s.relid
    LEFT JOIN LATERAL unnest(s.segmentby || s.orderby) AS k (name) ON true
    GROUP BY 1) AS s ON s.relation = c.oid
LEFT JOIN (
    SELECT j.hypertable_schema, j.hypertable_name, min(j.config ->> 'drop_after') AS keep
    FROM timescaledb_information.jobs AS j
    WHERE j.proc_name = 'policy_retention'
    GROUP BY 1, 2) AS j ON j.hypertable_schema = h.schema_name AND j.hypertable_name = h.table_name
WHERE h.schema_name <> '_timescaledb_internal'
ORDER BY c.oid
