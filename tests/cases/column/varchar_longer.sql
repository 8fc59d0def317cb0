-- before
CREATE TABLE t (id integer PRIMARY KEY, a varchar(10));
-- after
CREATE TABLE t (id integer PRIMARY KEY, a varchar(20));
