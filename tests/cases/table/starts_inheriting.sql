-- before
CREATE TABLE p (id int);
CREATE TABLE c (id int, extra int);
-- after
CREATE TABLE p (id int);
CREATE TABLE c (id int, extra int);
ALTER TABLE c INHERIT p;
