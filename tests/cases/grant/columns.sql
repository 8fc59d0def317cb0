-- roles: case_grant_a
-- before
CREATE TABLE t (id int, "a b" text, c int);
GRANT SELECT (id), UPDATE (c) ON t TO case_grant_a;
-- after
CREATE TABLE t (id int, "a b" text, c int);
GRANT SELECT (id, "a b"), INSERT ("a b") ON t TO case_grant_a;
GRANT REFERENCES (id) ON t TO PUBLIC;
