-- since: 14
-- before
CREATE TABLE k (id int);
-- after
CREATE TABLE k (id int);
CREATE TYPE comp AS (a int);
CREATE TYPE comprange AS RANGE (subtype = comp);
ALTER TYPE comp ADD ATTRIBUTE r compmultirange, ADD ATTRIBUTE b text;
COMMENT ON TYPE comp IS 'needs its own range';
CREATE TABLE t (c comp, r comprange);
