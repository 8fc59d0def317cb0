-- expect: reversible = no
-- before
CREATE TYPE e AS ENUM ('a','b','c');
CREATE TABLE p (id int, e e) PARTITION BY LIST (e);
CREATE TABLE pa PARTITION OF p FOR VALUES IN ('a');
CREATE INDEX i ON p (e);
-- after
CREATE TYPE e AS ENUM ('b','a');
CREATE TABLE p (id int, e e) PARTITION BY LIST (e);
CREATE TABLE pa PARTITION OF p FOR VALUES IN ('a');
CREATE INDEX i ON p (e);
