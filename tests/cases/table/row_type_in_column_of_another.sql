-- before
CREATE TABLE t (id integer, x integer);
CREATE TABLE u (r t);
-- after
CREATE TABLE t (id integer, x bigint);
CREATE TABLE u (r t);
