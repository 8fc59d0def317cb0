-- before
CREATE TABLE t (
    id int PRIMARY KEY, a time, b boolean, c boolean[], d bit(8), e double precision, f int4range, g interval,
    h money, i bit(4), j integer[]
);
-- after
CREATE TABLE t (
    id int PRIMARY KEY, a timestamp, b smallint, c bigint[], d integer, e numeric, f text, g time,
    h numeric, i bit varying(6), j text[]
);
