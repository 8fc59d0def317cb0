-- before
CREATE TABLE parent (a integer);
-- after
CREATE TABLE parent (a integer, CONSTRAINT second UNIQUE (a));
CREATE TABLE child (a integer REFERENCES parent (a));
ALTER TABLE parent ADD CONSTRAINT first UNIQUE (a);
