-- before
CREATE TABLE base (id int);
-- after
CREATE TABLE base (id int);
CREATE TABLE a (id int);
CREATE FUNCTION f(a) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE b (id int DEFAULT f(NULL::a), n int CHECK (f(NULL::a) > 0));
