-- before
CREATE TABLE t (id int PRIMARY KEY, a timestamp, b boolean, d jsonb, e date, f timestamptz(6), g int);
-- after
CREATE TABLE t (id int PRIMARY KEY, a timestamp(0), b int, d json, e text, f time(3), g numeric);
-- expect: hazards=rewrites,deletes-data; no-hazards=may-fail
