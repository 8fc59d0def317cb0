-- before
CREATE TYPE place AS (street text, zip int, town text);
CREATE TABLE t (id int PRIMARY KEY, p place, ps place[], CHECK ((p).zip > 0));
CREATE TABLE houses OF place (PRIMARY KEY (zip));
CREATE VIEW v AS SELECT id, (p).zip, h.street FROM t, houses h;
CREATE INDEX i ON t (((p).zip));
-- after
CREATE TYPE place AS (road text, code int, town text);
CREATE TABLE t (id int PRIMARY KEY, p place, ps place[], CHECK ((p).code > 0));
CREATE TABLE houses OF place (PRIMARY KEY (code));
CREATE VIEW v AS SELECT id, (p).code AS zip, h.road AS street FROM t, houses h;
CREATE INDEX i ON t (((p).code));
-- rename: public.place.zip=code
-- rename: public.place.street=road
-- expect: hazards=breaks-code
