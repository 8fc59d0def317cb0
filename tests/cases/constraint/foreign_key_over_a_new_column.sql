-- No row has a value in the new column: there is nothing that the check could find.
-- before
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (id integer PRIMARY KEY, x integer);
-- after
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (id integer PRIMARY KEY, x integer, a integer REFERENCES a);
-- expect: no-hazards=may-fail
