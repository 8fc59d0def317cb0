-- defect: an index on the parent alone is completed on scratch
-- before
CREATE TABLE p (id integer) PARTITION BY RANGE (id);
CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (5);
CREATE INDEX p_i ON ONLY p (id);
-- after
CREATE TABLE p (id integer, y integer) PARTITION BY RANGE (id);
CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (5);
CREATE INDEX p_i ON ONLY p (id);
