-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX i ON t (a) INCLUDE (b) WHERE ts > '2020-01-01 00:00+00' AND b <> 'it''s';
