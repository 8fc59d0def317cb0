-- before
CREATE TABLE p (id int);
CREATE TABLE c (extra int) INHERITS (p);
-- after
CREATE TABLE p (id int);
CREATE TABLE c (extra int, id int);
