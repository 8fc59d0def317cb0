-- before
CREATE TABLE t (id int PRIMARY KEY, n int, CONSTRAINT sane CHECK (n > 0));
CREATE INDEX by_n ON t (n);
CREATE VIEW v AS SELECT id, n FROM t;
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON CONSTRAINT sane ON t IS 'check';
COMMENT ON INDEX by_n IS 'index';
COMMENT ON VIEW v IS 'view';
COMMENT ON COLUMN v.n IS 'column of view';
COMMENT ON FUNCTION f IS 'function';
COMMENT ON CONSTRAINT t_pkey ON t IS 'key';
COMMENT ON INDEX t_pkey IS 'index of key';
-- after
CREATE TABLE t (id int, n bigint, CONSTRAINT sane CHECK (n > 1), CONSTRAINT t_pkey PRIMARY KEY (id, n));
CREATE INDEX by_n ON t (n DESC);
CREATE VIEW v AS SELECT id, n FROM t;
CREATE FUNCTION f(x int) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
COMMENT ON CONSTRAINT sane ON t IS 'check';
COMMENT ON INDEX by_n IS 'index';
COMMENT ON VIEW v IS 'view';
COMMENT ON COLUMN v.n IS 'column of view';
COMMENT ON FUNCTION f IS 'function';
COMMENT ON CONSTRAINT t_pkey ON t IS 'key';
COMMENT ON INDEX t_pkey IS 'index of key';
