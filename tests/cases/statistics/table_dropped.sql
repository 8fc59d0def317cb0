-- before
CREATE TABLE t (a int, b int);
CREATE STATISTICS s ON a, b FROM t;
COMMENT ON STATISTICS s IS 'goes';
-- after
-- expect: hazards=deletes-data
