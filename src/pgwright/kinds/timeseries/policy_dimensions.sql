-- The hypertables of the database, with the time column and the interval of their chunks in seconds.
-- since: 12
-- requires: timescaledb
-- columns: relation, schema, name, column_name, seconds
SELECT c.oid AS relation,
       d.hypertable_schema::text AS schema,
       d.hypertable_name::text AS name,
       d.column_name::text AS column_name,
       extract(epoch FROM d.time_interval)::bigint AS seconds
FROM timescaledb_information.dimensions AS d
JOIN pg_namespace AS n ON n.nspname = d.hypertable_schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = d.hypertable_name
WHERE d.dimension_number = 1
  AND d.time_interval IS NOT NULL
  AND d.hypertable_schema <> '_timescaledb_internal'
ORDER BY c.oid
