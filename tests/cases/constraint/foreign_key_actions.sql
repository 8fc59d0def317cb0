-- before
CREATE TABLE p (id int PRIMARY KEY, n int UNIQUE);
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p;
-- after
CREATE TABLE p (id int PRIMARY KEY, n int UNIQUE);
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL;
