-- before
CREATE TABLE t (id int, CONSTRAINT one PRIMARY KEY (id));
-- after
CREATE TABLE t (id int, CONSTRAINT two PRIMARY KEY (id));
