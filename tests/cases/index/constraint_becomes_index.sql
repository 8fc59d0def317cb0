-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE UNIQUE INDEX u ON t (a);
