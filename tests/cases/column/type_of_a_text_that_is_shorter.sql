-- before
CREATE TABLE t (id int PRIMARY KEY, a integer, b uuid, c timestamp, d inet[]);
-- after
CREATE TABLE t (id int PRIMARY KEY, a varchar(1), b char(8), c varchar(10), d varchar(3)[]);
-- expect: hazards=may-fail
