-- expect: no-hazards=may-fail
-- before
CREATE TABLE t (id int PRIMARY KEY, a int[], b varchar(5)[], c date[]);
CREATE INDEX ON t USING gin (a);
-- after
CREATE TABLE t (id int PRIMARY KEY, a bigint[], b text[], c text[]);
CREATE INDEX ON t USING gin (a);
