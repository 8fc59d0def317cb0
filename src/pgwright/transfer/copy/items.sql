-- What a copy has finished, written in the same transaction as the finished work; may run again without harm.
-- since: 12
-- columns: none
CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.copy_item (
    run text NOT NULL,
    item text NOT NULL,
    part integer NOT NULL,
    snapshot text,
    rows bigint,
    bytes bigint,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, item, part)
)
