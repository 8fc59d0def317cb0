-- roles: case_statistics_owner
-- before
CREATE TABLE t (a int, b int);
CREATE STATISTICS s ON a, b FROM t;
-- after
CREATE TABLE t (a int, b int);
CREATE STATISTICS s ON a, b FROM t;
ALTER STATISTICS s OWNER TO case_statistics_owner;
