-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE TABLE o (a int);
CREATE INDEX i ON t (a);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE TABLE o (a int);
CREATE INDEX i ON o (a);
