-- roles: case_grant_a
-- before
CREATE TABLE t (id int, n int);
CREATE VIEW v AS SELECT id, n FROM t;
CREATE VIEW w AS SELECT n FROM v;
GRANT SELECT ON v, w TO case_grant_a;
GRANT UPDATE (n) ON v TO case_grant_a;
-- after
CREATE TABLE t (id int, n bigint);
CREATE VIEW v AS SELECT id, n FROM t;
CREATE VIEW w AS SELECT n FROM v;
GRANT SELECT ON v, w TO case_grant_a;
GRANT UPDATE (n) ON v TO case_grant_a;
