-- before
CREATE TABLE a (x integer, y text);
CREATE TABLE b (z integer) INHERITS (a);
-- after
CREATE TABLE b (x integer, y text, z integer);
