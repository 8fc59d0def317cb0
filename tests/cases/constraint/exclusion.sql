-- before
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
-- after
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (r WITH &&) WHERE (a > 0);
-- expect: hazards=locks-writers
