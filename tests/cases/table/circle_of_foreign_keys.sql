-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
CREATE TABLE x (id int PRIMARY KEY, y int);
CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x);
ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y;
