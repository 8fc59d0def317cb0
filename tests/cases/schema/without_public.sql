-- before
CREATE TABLE t (id int);
-- after
DROP SCHEMA public CASCADE;
CREATE SCHEMA app;
CREATE TABLE app.t (id int);
-- expect: hazards=deletes-data
