-- before
CREATE DOMAIN positive AS int;
CREATE TABLE t (n positive) PARTITION BY LIST (n);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE u (n positive[]);
-- after
CREATE DOMAIN positive AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TABLE t (n positive) PARTITION BY LIST (n);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE u (n positive[]);
-- expect: hazards=may-fail
