-- roles: case_grant_a
-- before
CREATE TABLE t (id int);
-- after
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO case_grant_a;
CREATE TABLE app.u (id serial, n int);
GRANT SELECT, INSERT ON app.u TO case_grant_a;
GRANT USAGE ON SEQUENCE app.u_id_seq TO case_grant_a;
CREATE TABLE t (id int, fresh int);
GRANT SELECT (fresh) ON t TO case_grant_a;
CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION secret FROM PUBLIC;
