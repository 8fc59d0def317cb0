-- roles: case_grant_a
-- before
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_grant_a;
-- after
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_grant_a;
REVOKE ALL ON t FROM case_grant_a;
