-- before
CREATE TABLE y (id int);
CREATE VIEW x AS SELECT id FROM y;
-- after
CREATE TABLE y (id int);
CREATE TABLE x (id int);
