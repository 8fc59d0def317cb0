-- defect: a column that comes from two parents changes in both at once only
-- before
CREATE TABLE a (x integer, c integer);
CREATE TABLE b (x integer, y integer);
CREATE TABLE c (z integer) INHERITS (a, b);
-- after
CREATE TABLE a (x bigint, c integer);
CREATE TABLE b (x bigint, y integer);
CREATE TABLE c (z integer) INHERITS (a, b);
