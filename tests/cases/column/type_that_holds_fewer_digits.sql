-- before
CREATE TABLE t (
    id int PRIMARY KEY, a double precision, b bigint, c integer, d timestamp[], e numeric(12, 6)[], f timetz, g numeric
);
-- after
CREATE TABLE t (
    id int PRIMARY KEY, a numeric(8, 2), b double precision, c bit(6), d date[], e numeric(12, 2)[], f time, g money
);
-- expect: hazards=deletes-data
