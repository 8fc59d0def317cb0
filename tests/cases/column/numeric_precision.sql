-- before
CREATE TABLE t (id integer PRIMARY KEY, a numeric(10,2));
-- after
CREATE TABLE t (id integer PRIMARY KEY, a numeric(12,2));
