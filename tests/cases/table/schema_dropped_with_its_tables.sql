-- before
CREATE SCHEMA s1;
CREATE TABLE s1.t (id int PRIMARY KEY);
CREATE VIEW s1.v AS SELECT * FROM s1.t;
-- after
CREATE TABLE k (id int);
