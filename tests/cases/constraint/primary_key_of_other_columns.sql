-- before
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);
CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t);
-- after
CREATE TABLE t (id int, n int NOT NULL UNIQUE, PRIMARY KEY (id, n));
CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t (n));
