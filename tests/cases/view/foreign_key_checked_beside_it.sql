-- before
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);
CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t, x int);
CREATE VIEW v AS SELECT t.id, u.t FROM t, u;
-- after
CREATE TABLE t (id text PRIMARY KEY, n int NOT NULL);
CREATE TABLE u (id int PRIMARY KEY, t text REFERENCES t, x int NOT NULL CHECK (x > 4));
CREATE VIEW v AS SELECT t.id, u.t FROM t, u;
