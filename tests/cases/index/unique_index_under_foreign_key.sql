-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE UNIQUE INDEX i ON t (a);
CREATE TABLE c (a int REFERENCES t (a));
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE UNIQUE INDEX i ON t (a) INCLUDE (b);
CREATE TABLE c (a int REFERENCES t (a));
