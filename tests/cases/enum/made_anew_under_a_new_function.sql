-- What comes to stand on a type that is made anew, because an enum in it is, waits for that.
-- before
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (one integer, how mood);
CREATE TABLE item (id integer, how mood, two text);
-- after
CREATE TYPE mood AS ENUM ('ok', 'glad');
CREATE TYPE pair AS (one integer, how mood);
CREATE FUNCTION judge(p pair) RETURNS integer LANGUAGE sql AS 'SELECT (p).one';
CREATE CAST (integer AS pair) WITH INOUT;
CREATE TABLE item (id integer, how mood, two pair);
CREATE TABLE other (id integer, pairs pair[]);
