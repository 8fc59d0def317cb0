-- rename: public.s=x.s
-- before
CREATE SCHEMA x;
CREATE SEQUENCE s;
CREATE TABLE t (id integer DEFAULT nextval('s') PRIMARY KEY);
-- after
CREATE SCHEMA x;
CREATE SEQUENCE x.s;
CREATE TABLE t (id integer DEFAULT nextval('x.s') PRIMARY KEY);
