-- before
CREATE TABLE t (id integer PRIMARY KEY, a text);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a text COLLATE "C");
