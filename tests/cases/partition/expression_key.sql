-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
CREATE TABLE e (n text NOT NULL, i int) PARTITION BY LIST (lower(n));
CREATE TABLE e1 PARTITION OF e FOR VALUES IN ('a', 'b');
CREATE TABLE e2 PARTITION OF e FOR VALUES IN ('c', NULL);
