-- since: 18
-- before
CREATE EXTENSION btree_gist;
CREATE TABLE r (id int, d daterange, n int) PARTITION BY LIST (id);
CREATE TABLE r1 PARTITION OF r FOR VALUES IN (1);
CREATE TABLE f (id int, rid int, d daterange);
-- after
CREATE EXTENSION btree_gist;
CREATE TABLE r (id int, d daterange, n int, PRIMARY KEY (id, d WITHOUT OVERLAPS)) PARTITION BY LIST (id);
CREATE TABLE r1 PARTITION OF r FOR VALUES IN (1);
CREATE TABLE r2 PARTITION OF r FOR VALUES IN (2);
CREATE TABLE f (id int, rid int, d daterange, UNIQUE (id, d WITHOUT OVERLAPS), FOREIGN KEY (rid, PERIOD d) REFERENCES r (id, PERIOD d));
