-- before
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (id integer PRIMARY KEY, x integer);
-- after
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE t (id integer PRIMARY KEY, x integer, a integer DEFAULT 1 REFERENCES a);
-- expect: hazards=may-fail
