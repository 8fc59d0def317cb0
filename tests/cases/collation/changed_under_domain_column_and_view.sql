-- before
CREATE COLLATION c (provider=libc, locale='C');
CREATE DOMAIN d AS text COLLATE c;
CREATE TABLE t (a text COLLATE c, b d, e d[]);
CREATE INDEX ta ON t (a);
CREATE VIEW v AS SELECT a, b FROM t;
-- after
CREATE COLLATION c (provider=libc, locale='POSIX');
CREATE DOMAIN d AS text COLLATE c;
CREATE TABLE t (a text COLLATE c, b d, e d[]);
CREATE INDEX ta ON t (a);
CREATE VIEW v AS SELECT a, b FROM t;
