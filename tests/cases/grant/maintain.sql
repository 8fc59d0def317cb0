-- since: 17
-- roles: case_grant_a
-- before
CREATE TABLE t (id int);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON t TO case_grant_a;
-- after
CREATE TABLE t (id int);
GRANT MAINTAIN, SELECT ON t TO case_grant_a;
