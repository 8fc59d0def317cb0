-- before
CREATE TABLE g (id int PRIMARY KEY, i int);
-- after
CREATE TABLE g (i int);
CREATE TABLE a (id text) INHERITS (g);
