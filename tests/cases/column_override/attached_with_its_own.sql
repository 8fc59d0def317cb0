-- before
CREATE TABLE p (id int, n int, t text) PARTITION BY LIST (id);
CREATE TABLE p1 (id int, n int NOT NULL, t text);
ALTER TABLE p1 ALTER t SET STORAGE EXTERNAL;
-- after
CREATE TABLE p (id int, n int, t text) PARTITION BY LIST (id);
CREATE TABLE p1 (id int, n int NOT NULL, t text);
ALTER TABLE p1 ALTER t SET STORAGE MAIN;
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);
