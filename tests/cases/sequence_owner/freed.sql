-- before
CREATE TABLE t (id int);
CREATE SEQUENCE s OWNED BY t.id;
-- after
CREATE SEQUENCE s;
