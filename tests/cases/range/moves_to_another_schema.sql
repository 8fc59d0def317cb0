-- rename: public.r=x.r
-- before
CREATE SCHEMA x;
CREATE TYPE r AS RANGE (subtype = float8);
CREATE TABLE t (id integer PRIMARY KEY, x r);
-- after
CREATE SCHEMA x;
CREATE TYPE x.r AS RANGE (subtype = float8);
CREATE TABLE t (id integer PRIMARY KEY, x x.r);
