-- rename: a.t=c.t1
-- rename: b.t=c.t2
-- before
CREATE SCHEMA a;
CREATE SCHEMA b;
CREATE SCHEMA c;
CREATE TABLE a.t (id serial PRIMARY KEY, x int UNIQUE);
CREATE INDEX i ON a.t (x) WHERE x > 0;
CREATE TABLE b.t (id serial PRIMARY KEY, x int UNIQUE);
CREATE INDEX i ON b.t (x);
-- after
CREATE SCHEMA a;
CREATE SCHEMA b;
CREATE SCHEMA c;
CREATE TABLE c.t1 (id serial PRIMARY KEY, x int UNIQUE);
CREATE INDEX i1 ON c.t1 (x) WHERE x > 0;
CREATE TABLE c.t2 (id serial PRIMARY KEY, x int UNIQUE);
CREATE INDEX i ON c.t2 (x);
