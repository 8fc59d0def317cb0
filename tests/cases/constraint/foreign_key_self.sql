-- before
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
-- after
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD PRIMARY KEY (a);
ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES t;
