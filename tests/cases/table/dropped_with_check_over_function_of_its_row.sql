-- before
CREATE TABLE t (id integer, x text);
CREATE FUNCTION f(r t) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
ALTER TABLE t ADD CONSTRAINT positive CHECK (f(t) > 0);
-- after
CREATE TABLE other (id integer);
