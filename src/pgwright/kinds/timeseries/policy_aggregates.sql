-- The continuous aggregates of the database, and whether they show only what a refresh has seen.
-- since: 12
-- requires: timescaledb
-- columns: relation, schema, name, materialized_only
SELECT c.oid AS relation,
       a.view_schema::text AS schema,
       a.view_name::text AS name,
       a.materialized_only
FROM timescaledb_information.continuous_aggregates AS a
JOIN pg_namespace AS n ON n.nspname = a.view_schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = a.view_name
ORDER BY c.oid
