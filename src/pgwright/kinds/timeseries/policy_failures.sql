-- How TimescaleDB's own jobs on hypertables and continuous aggregates fared: what the last run of one failed with.
-- since: 12
-- requires: timescaledb
-- columns: schema, name, procedure, last_run, failure
SELECT j.hypertable_schema::text AS schema,
       j.hypertable_name::text AS name,
       j.proc_name::text AS procedure,
       nullif(s.last_successful_finish, '-infinity') AS last_run,
       CASE WHEN s.last_run_status = 'Failed' THEN coalesce((
           SELECT e.err_message FROM timescaledb_information.job_errors AS e
           WHERE e.job_id = j.job_id ORDER BY e.start_time DESC LIMIT 1), 'see the log of the server') END AS failure
FROM timescaledb_information.jobs AS j
JOIN timescaledb_information.job_stats AS s ON s.job_id = j.job_id
WHERE j.proc_name IN ('policy_retention', 'policy_compression', 'policy_refresh_continuous_aggregate')
ORDER BY j.job_id
