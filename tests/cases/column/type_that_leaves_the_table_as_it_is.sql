-- before
CREATE EXTENSION citext;
CREATE TABLE t (
    id int PRIMARY KEY, a varchar, b citext, c citext, d timestamp, e timestamp(6), f time with time zone,
    g interval, h varchar(10) UNIQUE
);
-- after
CREATE EXTENSION citext;
CREATE TABLE t (
    id int PRIMARY KEY, a citext, b text, c varchar, d timestamp(6), e timestamp, f time(6) with time zone,
    g interval(6), h citext UNIQUE
);
-- expect: no-hazards=rewrites,may-fail
