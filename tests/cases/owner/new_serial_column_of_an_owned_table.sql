-- roles: case_owner_a
-- before
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO case_owner_a;
-- after
CREATE TABLE t (id int, n serial);
ALTER TABLE t OWNER TO case_owner_a;
-- expect: reversible=no
