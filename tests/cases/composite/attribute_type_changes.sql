-- before
CREATE TYPE pair AS (a int, b text);
CREATE FUNCTION f(p pair) RETURNS int LANGUAGE sql AS 'SELECT p.a';
-- after
CREATE TYPE pair AS (a int, b varchar(10) COLLATE "C");
CREATE FUNCTION f(p pair) RETURNS int LANGUAGE sql AS 'SELECT p.a';
