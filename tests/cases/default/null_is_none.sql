-- before
CREATE DOMAIN d AS varchar(5) DEFAULT 'x';
CREATE TABLE t (a varchar(5) DEFAULT NULL, b timestamp(3) DEFAULT NULL, c varchar(5) DEFAULT 'x', d d DEFAULT NULL);
-- after
CREATE DOMAIN d AS varchar(5) DEFAULT 'x';
CREATE TABLE t (a varchar(5), b timestamp(3), c varchar(5) DEFAULT NULL, d d);
