-- What pgwright knows of migrations beyond the tool's own table; each statement may run again without harm.
-- A row of migration_statement is a statement of a revision that has not ended yet: what a resume leaves out.
-- since: 12
-- columns: none
CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.migration (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tool text NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('up', 'down', 'stamp')),
    digest text,
    run text,
    seconds double precision,
    actor text NOT NULL DEFAULT session_user,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS migration_revision_idx ON pgwright.migration (tool, revision, id DESC);
CREATE TABLE IF NOT EXISTS pgwright.migration_statement (
    tool text NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL,
    number integer NOT NULL,
    digest text NOT NULL,
    statement text NOT NULL,
    is_done boolean NOT NULL,
    row_count bigint NOT NULL DEFAULT 0,
    evidence text,
    PRIMARY KEY (tool, revision, direction, number)
);
