-- before
CREATE TABLE kept (id int);
-- after
CREATE TABLE kept (id int);
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('good', 'bad');
CREATE TABLE app.people (id int PRIMARY KEY, mood app.mood DEFAULT 'good');
CREATE VIEW app.happy AS SELECT id FROM app.people WHERE mood = 'good';
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
