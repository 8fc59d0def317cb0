-- expect: no-hazards=may-fail
-- since: 14
-- before
CREATE TABLE t (id int PRIMARY KEY);
-- after
CREATE TABLE settings (k text PRIMARY KEY, v int);
CREATE FUNCTION setting(text) RETURNS int LANGUAGE sql STABLE
BEGIN ATOMIC SELECT coalesce((SELECT v FROM settings WHERE k = $1), 5); END;
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT setting('n'));
CREATE VIEW w AS SELECT n FROM t;
