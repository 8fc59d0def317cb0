-- since: 14
-- before
CREATE TABLE t (id int, n int);
CREATE TABLE below (id int, n int);
CREATE VIEW v AS SELECT id, n FROM below;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(n) FROM below; END;
-- after
CREATE TABLE t (id int, n int);
CREATE VIEW below AS SELECT id, n FROM t;
CREATE VIEW v AS SELECT id, n FROM below WHERE n > 0;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM below; END;
