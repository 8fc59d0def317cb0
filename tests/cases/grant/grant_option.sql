-- roles: case_grant_a case_grant_b
-- before
CREATE TABLE t (id int);
GRANT SELECT ON t TO case_grant_a WITH GRANT OPTION;
GRANT SELECT, INSERT ON t TO case_grant_b;
-- after
CREATE TABLE t (id int);
GRANT SELECT ON t TO case_grant_a;
GRANT SELECT, INSERT ON t TO case_grant_b WITH GRANT OPTION;
