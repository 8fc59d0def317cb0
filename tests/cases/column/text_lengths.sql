-- before
CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(20), c char(5), d bit varying(9));
-- after
CREATE TABLE t (id int PRIMARY KEY, a varchar(5), b char(5), c varchar(4), d bit varying(3));
-- expect: hazards=may-fail
