-- roles: case_grant_a
-- before
CREATE TABLE t (id int, gone int);
GRANT SELECT (gone, id) ON t TO case_grant_a;
-- after
CREATE TABLE t (id int);
GRANT SELECT (id) ON t TO case_grant_a;
-- expect: hazards=deletes-data
