-- before
CREATE TABLE parent (a integer);
CREATE UNIQUE INDEX second ON parent (a);
CREATE TABLE child (a integer REFERENCES parent (a));
ALTER TABLE parent ADD CONSTRAINT first PRIMARY KEY (a);
-- after
CREATE TABLE parent (a integer);
CREATE UNIQUE INDEX second ON parent (a);
CREATE TABLE child (a integer REFERENCES parent (a));
