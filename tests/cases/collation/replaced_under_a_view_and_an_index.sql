-- before
CREATE TABLE t (name text);
CREATE COLLATION own (provider = libc, locale = 'C');
CREATE INDEX t_name ON t (name COLLATE own);
CREATE VIEW sorted AS SELECT name FROM t ORDER BY name COLLATE own;
COMMENT ON VIEW sorted IS 'by bytes';
COMMENT ON INDEX t_name IS 'by bytes';
COMMENT ON COLLATION own IS 'ours';
-- after
CREATE TABLE t (name text);
CREATE COLLATION own (provider = libc, locale = 'POSIX');
CREATE INDEX t_name ON t (name COLLATE own);
CREATE VIEW sorted AS SELECT name FROM t ORDER BY name COLLATE own;
COMMENT ON VIEW sorted IS 'by bytes';
COMMENT ON INDEX t_name IS 'by bytes';
COMMENT ON COLLATION own IS 'ours';
