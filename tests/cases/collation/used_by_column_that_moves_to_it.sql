-- before
CREATE TABLE t (name text);
CREATE INDEX t_name ON t (name);
-- after
CREATE COLLATION own (provider = libc, locale = 'C');
CREATE TABLE t (name text COLLATE own);
CREATE INDEX t_name ON t (name);
