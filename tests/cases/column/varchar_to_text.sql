-- before
CREATE TABLE t (id integer PRIMARY KEY, a varchar(20));
-- after
CREATE TABLE t (id integer PRIMARY KEY, a text);
