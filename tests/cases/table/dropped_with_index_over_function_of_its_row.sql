-- before
CREATE TABLE t (id integer, x text);
CREATE FUNCTION f(r t) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE INDEX t_f ON t (f(t.*));
-- after
CREATE TABLE other (id integer);
