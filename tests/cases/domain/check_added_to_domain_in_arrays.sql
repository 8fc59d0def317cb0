-- before
CREATE DOMAIN positive AS int;
CREATE TABLE t (id int, n positive, ns positive[]);
-- after
CREATE DOMAIN positive AS int NOT NULL CONSTRAINT positive CHECK (VALUE > 0);
CREATE TABLE t (id int, n positive, ns positive[]);
-- expect: hazards=rewrites,may-fail
