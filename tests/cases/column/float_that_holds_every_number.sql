-- before
CREATE TABLE t (id integer PRIMARY KEY, a bigint, b integer, c numeric(12, 2), d numeric[], e smallint, f integer);
-- after
CREATE TABLE t (
    id integer PRIMARY KEY, a double precision, b real, c double precision, d double precision[], e real,
    f double precision
);
-- expect: hazards=rewrites,may-fail
