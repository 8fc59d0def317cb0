-- rename: old=new
-- before
CREATE SCHEMA old;
CREATE TABLE old.t (id int, z int);
CREATE VIEW old.v AS SELECT id, z FROM old.t;
-- after
CREATE SCHEMA new;
CREATE TABLE new.t (id int, z int);
CREATE VIEW new.v AS SELECT id FROM new.t;
