-- before
CREATE TABLE a (id integer, x integer);
CREATE TABLE b (y integer) INHERITS (a);
-- after
CREATE TABLE a (id integer);
CREATE TABLE b (x integer, y integer) INHERITS (a);
