-- before
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
-- after
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
