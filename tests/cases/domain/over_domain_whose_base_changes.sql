-- before
CREATE DOMAIN inner_one AS varchar(5);
CREATE DOMAIN outer_one AS inner_one CHECK (VALUE <> '');
CREATE TABLE t (a inner_one, b outer_one);
-- after
CREATE DOMAIN inner_one AS text COLLATE "C";
CREATE DOMAIN outer_one AS inner_one CHECK (VALUE <> '');
CREATE TABLE t (a inner_one, b outer_one);
