-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
ALTER TABLE t REPLICA IDENTITY FULL;
