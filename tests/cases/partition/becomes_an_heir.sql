-- before
CREATE TABLE p (k int NOT NULL, b text, x int) PARTITION BY LIST (k);
CREATE TABLE c PARTITION OF p FOR VALUES IN (1);
CREATE TABLE n (k int NOT NULL, b text);
-- after
CREATE TABLE p (k int NOT NULL, b text, x int) PARTITION BY LIST (k);
CREATE TABLE n (k int NOT NULL, b text);
CREATE TABLE c () INHERITS (n);
