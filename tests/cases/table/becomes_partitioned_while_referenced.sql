-- before
CREATE TABLE t (id integer PRIMARY KEY, at date);
CREATE TABLE u (t integer REFERENCES t);
-- after
CREATE TABLE t (id integer PRIMARY KEY, at date) PARTITION BY RANGE (id);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (10);
CREATE TABLE u (t integer REFERENCES t);
-- expect: hazards=rewrites,may-fail
