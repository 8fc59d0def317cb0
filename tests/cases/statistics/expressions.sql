-- since: 14
-- before
CREATE TABLE t (a int, b text);
-- after
CREATE TABLE t (a int, b text);
CREATE STATISTICS one ON (a % 10) FROM t;
CREATE STATISTICS two (mcv) ON a, lower(b), (a + 1) FROM t;
