-- before
CREATE TABLE p (id integer PRIMARY KEY, at date) PARTITION BY RANGE (id);
CREATE TABLE q PARTITION OF p FOR VALUES FROM (1) TO (5);
-- after
CREATE TABLE p (id integer PRIMARY KEY, at date);
CREATE TABLE q (id integer PRIMARY KEY, at date);
