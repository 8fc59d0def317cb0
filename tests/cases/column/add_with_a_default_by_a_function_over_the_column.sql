-- since: 14
-- before
CREATE TABLE t (id int PRIMARY KEY);
-- after
CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE FUNCTION highest() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(n) FROM t; END;
ALTER TABLE t ALTER n SET DEFAULT highest();
