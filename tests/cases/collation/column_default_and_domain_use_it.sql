-- before
CREATE TABLE t (id int);
-- after
CREATE COLLATION "By Bytes" (provider = libc, locale = 'C');
CREATE DOMAIN word AS text COLLATE "By Bytes" CHECK (VALUE > 'a' COLLATE "By Bytes");
CREATE TYPE pair AS (a text COLLATE "By Bytes", b int);
CREATE TABLE t (id int, w word, x text COLLATE "By Bytes" DEFAULT 'x');
