-- since: 13
-- before
CREATE TABLE t (x integer, y integer);
CREATE STATISTICS s (dependencies) ON x, y FROM t;
ALTER STATISTICS s SET STATISTICS 70;
-- after
CREATE TABLE t (x bigint, y integer);
CREATE STATISTICS s (ndistinct) ON x, y FROM t;
