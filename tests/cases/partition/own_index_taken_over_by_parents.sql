-- before
CREATE TABLE p (id integer, k integer) PARTITION BY RANGE (id);
CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (5);
CREATE INDEX q_k_idx ON q (k);
-- after
CREATE TABLE p (id integer, k integer) PARTITION BY RANGE (id);
CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (5);
CREATE INDEX ON p (k);
