-- before
CREATE TABLE place (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE visit (id int, place int CONSTRAINT visit_place REFERENCES place) PARTITION BY RANGE (id);
-- after
CREATE TABLE place (id int PRIMARY KEY);
CREATE TABLE visit (id int, place int) PARTITION BY RANGE (id);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (100);
