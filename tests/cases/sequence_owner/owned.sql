-- before
CREATE TABLE t (id int);
CREATE SEQUENCE s;
-- after
CREATE TABLE t (id int);
CREATE SEQUENCE s OWNED BY t.id;
