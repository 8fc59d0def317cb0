-- roles: case_grant_a
-- before
CREATE TABLE t (id int, b text, c int);
GRANT SELECT, UPDATE ON t TO case_grant_a;
GRANT SELECT (id) ON t TO case_grant_a;
CREATE TABLE u (id int, b text);
GRANT SELECT ON u TO case_grant_a;
-- after
CREATE TABLE t (id int, b text, c int);
GRANT UPDATE ON t TO case_grant_a;
GRANT SELECT (id, b) ON t TO case_grant_a;
CREATE TABLE u (id int, b text);
GRANT SELECT (b) ON u TO case_grant_a;
