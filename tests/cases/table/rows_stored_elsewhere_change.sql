-- expect: hazards=deletes-data
-- before
CREATE TABLE t (id integer);
CREATE TYPE pair AS (r t);
CREATE DOMAIN checked AS pair CHECK (VALUE IS NOT NULL);
CREATE TABLE u (id integer, p checked);
-- after
CREATE TABLE t (id integer, n integer GENERATED ALWAYS AS IDENTITY, twice integer GENERATED ALWAYS AS (id * 2) STORED);
CREATE TYPE pair AS (r t);
CREATE DOMAIN checked AS pair CHECK (VALUE IS NOT NULL);
CREATE TABLE u (id integer, p checked, r t);
