-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX i ON t (b COLLATE "C" text_pattern_ops);
