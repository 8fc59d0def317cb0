-- before
CREATE TABLE t (id integer PRIMARY KEY, a int DEFAULT 5);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a int);
