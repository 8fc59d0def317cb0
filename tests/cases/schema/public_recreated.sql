-- roles: case_schema_reader
-- before
DROP SCHEMA public;
CREATE SCHEMA app;
-- after
GRANT CREATE ON SCHEMA public TO case_schema_reader;
CREATE TABLE t (id int);
