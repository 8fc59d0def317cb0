-- before
CREATE TABLE p (id integer NOT NULL, at date NOT NULL, v integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX p_v ON p (v);
CREATE TABLE q PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
-- after
CREATE TABLE p (id integer NOT NULL, at date NOT NULL, v integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX p_v ON p (v);
CREATE TABLE q (id integer NOT NULL, at date NOT NULL, v integer);
