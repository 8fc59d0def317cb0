-- roles: case_owner_a case_owner_b
-- before
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_owner_a;
REVOKE DELETE, TRUNCATE ON t FROM case_owner_a;
-- after
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_owner_b;
REVOKE TRUNCATE ON t FROM case_owner_b;
