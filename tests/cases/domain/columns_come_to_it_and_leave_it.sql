-- before
CREATE DOMAIN d AS int;
CREATE DOMAIN p AS int CHECK (value > 0);
CREATE DOMAIN v AS varchar(10);
CREATE DOMAIN over_d AS d;
CREATE TABLE t (id int PRIMARY KEY, a int, b d, c p, e int, f v, g varchar(10), h over_d, i d, l d[]);
CREATE VIEW w AS SELECT b, c, h FROM t;
-- after
CREATE DOMAIN d AS int;
CREATE DOMAIN p AS int CHECK (value > 0);
CREATE DOMAIN v AS varchar(10);
CREATE DOMAIN over_d AS d;
CREATE TABLE t (id int PRIMARY KEY, a d, b int, c int, e p, f varchar(10), g v, h int, i bigint, l int[], z over_d, x p DEFAULT 3);
CREATE VIEW w AS SELECT b, c, h FROM t;
