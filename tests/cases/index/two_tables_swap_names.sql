-- before
CREATE TABLE a (x int);
CREATE TABLE b (x int);
CREATE INDEX i1 ON a (x); CREATE INDEX i2 ON b (x);
-- after
CREATE TABLE a (x int);
CREATE TABLE b (x int);
CREATE INDEX i2 ON a (x); CREATE INDEX i1 ON b (x);
