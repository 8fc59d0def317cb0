-- rename: public.other=public.t
-- rename: one.t=public.p
-- before
CREATE SCHEMA one;
CREATE TABLE one.t (a int);
CREATE TABLE other (b int);
-- after
CREATE SCHEMA one;
CREATE TABLE p (a int);
CREATE TABLE t (b int);
