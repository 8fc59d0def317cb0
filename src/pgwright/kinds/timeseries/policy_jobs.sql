-- TimescaleDB's own jobs on hypertables and continuous aggregates, with what they are told.
-- since: 12
-- requires: timescaledb
-- columns: relation, procedure, after_text, every_text, by_creation
SELECT c.oid AS relation,
       j.proc_name::text AS procedure,
       coalesce(j.config ->> 'drop_after', j.config ->> 'compress_after', j.config ->> 'start_offset',
           j.config ->> 'drop_created_before', j.config ->> 'compress_created_before') AS after_text,
       j.schedule_interval::text AS every_text,
       j.config ?| ARRAY['drop_created_before', 'compress_created_before'] AS by_creation
FROM timescaledb_information.jobs AS j
JOIN pg_namespace AS n ON n.nspname = j.hypertable_schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = j.hypertable_name
WHERE j.proc_name IN ('policy_retention', 'policy_compression', 'policy_refresh_continuous_aggregate')
  AND j.scheduled
ORDER BY c.oid, j.job_id
