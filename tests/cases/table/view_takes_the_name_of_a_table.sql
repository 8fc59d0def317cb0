-- before
CREATE TABLE x (id int);
-- after
CREATE TABLE y (id int);
CREATE VIEW x AS SELECT id FROM y;
