-- before
CREATE DOMAIN positive AS int;
CREATE TABLE t (id int, n positive) PARTITION BY LIST (id);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
-- after
CREATE DOMAIN positive AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TABLE t (id int, n positive) PARTITION BY LIST (id);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
-- expect: hazards=may-fail; locks=SHARE on table public.t1
