-- pgwright's own tables in a database that it changes; each statement may run again without harm.
-- since: 12
-- columns: none
CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.run (
    id text PRIMARY KEY,
    job text NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'abandoned')),
    attempt integer NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    watermark text,
    progress jsonb NOT NULL DEFAULT '{}',
    result jsonb NOT NULL DEFAULT '{}',
    error text,
    actor text NOT NULL DEFAULT session_user,
    version text NOT NULL,
    payload bytea
);
CREATE INDEX IF NOT EXISTS run_job_started_at_idx ON pgwright.run (job, started_at DESC);
COMMENT ON SCHEMA pgwright IS 'what pgwright did here, and what is declared about tables over time';
