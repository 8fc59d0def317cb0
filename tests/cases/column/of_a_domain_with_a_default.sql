-- A domain that gives a value refuses no table, one that demands nothing rewrites none, nor does an array of any.
-- expect: no-hazards=may-fail
-- before
CREATE DOMAIN key AS text DEFAULT 'x' NOT NULL;
CREATE DOMAIN free AS text;
CREATE TABLE t (a int);
CREATE TABLE u (a int);
-- after
CREATE DOMAIN key AS text DEFAULT 'x' NOT NULL;
CREATE DOMAIN free AS text;
CREATE TABLE t (a int, b key);
CREATE TABLE u (a int, b key[], c free);
