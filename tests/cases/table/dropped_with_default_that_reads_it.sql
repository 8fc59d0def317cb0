-- since: 14
-- before
CREATE TABLE t (id integer);
CREATE FUNCTION f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT count(*)::integer FROM t; END;
ALTER TABLE t ALTER id SET DEFAULT f();
-- after
CREATE TABLE other (id integer);
