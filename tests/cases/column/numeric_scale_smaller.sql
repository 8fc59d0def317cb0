-- before
CREATE TABLE t (id int PRIMARY KEY, a numeric(20,8), b double precision, c timestamptz, d numeric);
-- after
CREATE TABLE t (id int PRIMARY KEY, a numeric(12,6), b integer, c date, d numeric(5,0));
-- expect: hazards=deletes-data
