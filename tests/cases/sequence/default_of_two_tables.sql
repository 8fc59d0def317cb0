-- before
CREATE TABLE k (id int);
-- after
CREATE SEQUENCE s;
CREATE TABLE k (id int DEFAULT nextval('s'));
CREATE TABLE l (id int DEFAULT nextval('s'));
