-- before
CREATE TYPE pair AS (a int, b text);
CREATE TABLE p OF pair;
CREATE TABLE h OF pair;
CREATE TABLE m (a int, at date) PARTITION BY RANGE (at);
-- after
CREATE TYPE pair AS (a int, b text);
CREATE TABLE m (a int, at date) PARTITION BY RANGE (at);
CREATE TABLE p PARTITION OF m FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE above (a int, extra int);
CREATE TABLE h (b text) INHERITS (above);
