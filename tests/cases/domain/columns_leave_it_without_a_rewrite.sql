-- expect: no-hazards=rewrites,may-fail
-- before
CREATE DOMAIN d AS int CHECK (value > 0);
CREATE DOMAIN e AS int;
CREATE TABLE t (id int PRIMARY KEY, a d, b int);
-- after
CREATE DOMAIN d AS int CHECK (value > 0);
CREATE DOMAIN e AS int;
CREATE TABLE t (id int PRIMARY KEY, a int, b e, c e);
