-- While both are there, a call without arguments fits both: the old one goes before what is made over the new one.
-- before
CREATE FUNCTION cur () RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE TABLE t (id int);
-- after
CREATE FUNCTION cur (def int DEFAULT NULL) RETURNS int LANGUAGE sql STABLE AS 'SELECT coalesce($1, 1)';
CREATE TABLE t (id int);
CREATE VIEW v AS SELECT id FROM t WHERE id = cur();
