-- before
CREATE EXTENSION hstore;
CREATE TABLE t (id int, data hstore);
CREATE VIEW v AS SELECT data -> 'a' AS a FROM t;
-- after
CREATE TABLE t (id int);
-- expect: hazards=deletes-data
