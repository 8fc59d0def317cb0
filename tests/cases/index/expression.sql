-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX i ON t (lower(b), (a + 1));
