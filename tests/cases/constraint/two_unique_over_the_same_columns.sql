-- before
CREATE TABLE t (a integer, b integer);
-- after
CREATE TABLE t (a integer, b integer);
CREATE TABLE u (a integer PRIMARY KEY, b integer);
ALTER TABLE u ADD CONSTRAINT u_one UNIQUE (a, b);
ALTER TABLE u ADD CONSTRAINT u_two UNIQUE (a, b);
ALTER TABLE u ADD CONSTRAINT u_key UNIQUE (a);
