-- before
CREATE TABLE old (id int PRIMARY KEY);
CREATE TABLE kept (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE old, kept;
-- after
CREATE TABLE fresh (id int PRIMARY KEY);
CREATE TABLE kept (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE fresh, kept;
-- expect: hazards=deletes-data
