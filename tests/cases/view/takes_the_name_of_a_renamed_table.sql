-- rename: public.t=stored
-- before
CREATE TABLE t (id integer PRIMARY KEY, a text);
CREATE VIEW v AS SELECT a FROM t;
-- after
CREATE TABLE stored (id integer PRIMARY KEY, a text);
CREATE VIEW t AS SELECT id, a FROM stored;
CREATE VIEW v AS SELECT a FROM t;
