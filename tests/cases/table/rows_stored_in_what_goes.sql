-- before
CREATE TABLE t (id integer, x integer);
CREATE TYPE pair AS (r t);
CREATE TABLE u (r t);
CREATE TABLE v (p pair);
CREATE TABLE w (id integer, r t);
-- after
CREATE TABLE t (id bigint, x text, n integer GENERATED ALWAYS AS IDENTITY);
CREATE TABLE w (id integer);
