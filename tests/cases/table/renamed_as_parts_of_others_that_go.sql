-- rename: public.t=public.i
-- rename: public.u=public.k
-- before
CREATE TABLE t (id int);
CREATE TABLE u (id int);
CREATE TABLE v (id int CONSTRAINT k UNIQUE, x int);
CREATE INDEX i ON v (x);
-- after
CREATE TABLE i (id int);
CREATE TABLE k (id int);
CREATE TABLE v (id int, x int);
