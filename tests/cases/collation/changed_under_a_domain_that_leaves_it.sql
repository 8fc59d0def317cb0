-- before
CREATE COLLATION sorting (provider = libc, locale = 'C');
CREATE DOMAIN word AS varchar(30) COLLATE sorting DEFAULT 'x';
CREATE TABLE item (id integer, name varchar(40) COLLATE sorting, other word);
-- after
CREATE COLLATION sorting (provider = libc, locale = 'POSIX');
CREATE DOMAIN word AS text CONSTRAINT short CHECK (length(VALUE) < 9);
CREATE TABLE item (id integer, name word DEFAULT 'n', other varchar(40) COLLATE sorting);
