-- roles: case_owner_a
-- before
CREATE TABLE t (id int, n int);
CREATE VIEW v AS SELECT id, n FROM t;
ALTER VIEW v OWNER TO case_owner_a;
-- after
CREATE TABLE t (id int, n int);
CREATE VIEW v AS SELECT n FROM t;
ALTER VIEW v OWNER TO case_owner_a;
