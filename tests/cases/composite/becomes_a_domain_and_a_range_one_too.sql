-- before
CREATE TYPE p AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = int4);
CREATE TYPE unused AS (a int);
CREATE TABLE t (id int, p p, s span);
-- after
CREATE DOMAIN p AS text;
CREATE DOMAIN span AS int4range CHECK (lower(VALUE) IS NULL OR lower(VALUE) >= 0);
CREATE TYPE unused AS ENUM ('a');
CREATE TABLE t (id int, p p, s span);
