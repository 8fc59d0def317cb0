-- before
CREATE SCHEMA one;
CREATE TABLE one.t (id int);
-- after
CREATE SCHEMA two;
CREATE TABLE two.t (id int);
-- expect: hazards=deletes-data
