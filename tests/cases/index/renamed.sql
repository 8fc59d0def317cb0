-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX one ON t (a);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX two ON t (a);
