-- before
CREATE TABLE t (id int PRIMARY KEY);
CREATE PUBLICATION old FOR TABLE t;
-- after
CREATE TABLE t (id int PRIMARY KEY);
CREATE PUBLICATION "Fresh One" FOR TABLE t WITH (publish = 'insert, delete');
-- expect: hazards=breaks-code
