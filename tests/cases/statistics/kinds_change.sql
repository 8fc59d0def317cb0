-- before
CREATE TABLE t (a int, b int);
CREATE STATISTICS s (ndistinct, mcv) ON a, b FROM t;
COMMENT ON STATISTICS s IS 'why';
-- after
CREATE TABLE t (a int, b int);
CREATE STATISTICS s (dependencies) ON a, b FROM t;
COMMENT ON STATISTICS s IS 'why';
