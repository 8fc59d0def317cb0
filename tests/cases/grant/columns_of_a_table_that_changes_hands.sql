-- roles: one other
-- before
CREATE TABLE t (a int, b int, c int);
ALTER TABLE t OWNER TO one;
GRANT SELECT (a), UPDATE (b) ON t TO other WITH GRANT OPTION;
GRANT SELECT (c) ON t TO one;
-- after
CREATE TABLE t (a int, b int, c int);
ALTER TABLE t OWNER TO other;
GRANT SELECT (b) ON t TO one;
