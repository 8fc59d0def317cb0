-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b text);
CREATE UNIQUE INDEX ta ON t (a);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b text);
CREATE UNIQUE INDEX ta ON t (a);
ALTER TABLE t REPLICA IDENTITY USING INDEX ta;
