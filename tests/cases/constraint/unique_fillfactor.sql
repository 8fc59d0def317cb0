-- before
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);
-- after
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a) WITH (fillfactor = 70);
