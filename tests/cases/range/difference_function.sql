-- before
CREATE TABLE t (id int);
-- after
CREATE FUNCTION away(a time, b time) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT extract(epoch FROM a - b)::float8';
CREATE TYPE timerange AS RANGE (subtype = time, subtype_diff = away);
CREATE TABLE t (id int, at timerange, EXCLUDE USING gist (at WITH &&));
