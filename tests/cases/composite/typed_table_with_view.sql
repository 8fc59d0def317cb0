-- before
CREATE TYPE c AS (x integer, y text);
CREATE TABLE t OF c (x NOT NULL);
CREATE VIEW v AS SELECT x FROM t;
-- after
CREATE TYPE c AS (x bigint, y text);
CREATE TABLE t OF c (x NOT NULL);
CREATE VIEW v AS SELECT x FROM t;
