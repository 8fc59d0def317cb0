-- roles: case_owner_a case_owner_b case_owner_c
-- before
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_owner_a;
GRANT SELECT ON t TO case_owner_b;
GRANT UPDATE ON t TO case_owner_c;
-- after
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_owner_b;
GRANT SELECT ON t TO case_owner_a;
GRANT UPDATE ON t TO case_owner_c;
