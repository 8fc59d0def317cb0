-- roles: case_grant_a case_grant_b
-- before
CREATE TABLE t (id int);
GRANT SELECT, INSERT ON t TO case_grant_a;
-- after
CREATE TABLE t (id int);
GRANT SELECT, UPDATE ON t TO case_grant_a;
GRANT ALL ON t TO case_grant_b;
GRANT SELECT ON t TO PUBLIC;
-- expect: hazards=loses-privileges
