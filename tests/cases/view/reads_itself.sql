-- before
CREATE TABLE t (id int, name varchar(10));
-- after
CREATE TABLE t (id int, name varchar(10));
CREATE VIEW v AS SELECT id, name FROM t;
CREATE OR REPLACE VIEW v AS SELECT id, name FROM v;
CREATE VIEW over AS SELECT count(*) FROM v;
