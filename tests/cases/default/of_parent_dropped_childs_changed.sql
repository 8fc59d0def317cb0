-- before
CREATE TABLE a (x integer DEFAULT 1);
CREATE TABLE b (x integer DEFAULT 2) INHERITS (a);
-- after
CREATE TABLE a (x integer);
CREATE TABLE b (x integer DEFAULT 3) INHERITS (a);
