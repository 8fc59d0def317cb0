-- How hypertables are compressed: the columns that rows are gathered by, their order within, and whether
-- any chunk is compressed by now.
-- since: 12
-- requires: timescaledb
-- columns: relation, segment_by, order_by, packed
SELECT c.oid AS relation,
       coalesce(array_agg(s.attname::text ORDER BY s.segmentby_column_index)
           FILTER (WHERE s.segmentby_column_index IS NOT NULL), '{}') AS segment_by,
       coalesce(string_agg(quote_ident(s.attname) || CASE WHEN s.orderby_asc THEN '' ELSE ' DESC' END
           || CASE WHEN s.orderby_nullsfirst IS NOT DISTINCT FROM s.orderby_asc
                   THEN ' NULLS ' || CASE WHEN s.orderby_asc THEN 'FIRST' ELSE 'LAST' END ELSE '' END, ', '
           ORDER BY s.orderby_column_index) FILTER (WHERE s.orderby_column_index IS NOT NULL), '') AS order_by,
       EXISTS (
           SELECT
           FROM timescaledb_information.chunks AS p
           WHERE p.hypertable_schema = n.nspname
             AND p.hypertable_name = c.relname
             AND p.is_compressed) AS packed
FROM timescaledb_information.hypertables AS h
JOIN pg_namespace AS n ON n.nspname = h.hypertable_schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = h.hypertable_name
-- Without a declared column there are no settings.
LEFT JOIN timescaledb_information.compression_settings AS s
    ON s.hypertable_schema = h.hypertable_schema AND s.hypertable_name = h.hypertable_name
WHERE h.compression_enabled
GROUP BY c.oid, n.nspname, c.relname
ORDER BY c.oid
