-- rename: public.r=span
-- before
CREATE TYPE r AS RANGE (subtype = float8);
CREATE TABLE t (id integer PRIMARY KEY, x r);
COMMENT ON TYPE r IS 'from here to there';
-- after
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE t (id integer PRIMARY KEY, x span);
COMMENT ON TYPE span IS 'from here to there';
