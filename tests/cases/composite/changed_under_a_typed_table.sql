-- before
CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty (PRIMARY KEY (a));
CREATE VIEW v AS SELECT * FROM t;
-- after
CREATE TYPE ty AS (a bigint, c int, d int);
CREATE TABLE t OF ty (PRIMARY KEY (a), d DEFAULT 5 NOT NULL);
CREATE VIEW v AS SELECT * FROM t;
