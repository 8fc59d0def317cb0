-- before
CREATE TABLE t (a int, b int, c int);
CREATE STATISTICS s ON a, b FROM t;
-- after
CREATE TABLE t (a int, c int);
-- expect: hazards=deletes-data
