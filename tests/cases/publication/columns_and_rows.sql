-- since: 15
-- before
CREATE TABLE t (id int PRIMARY KEY, "a b" text, c int);
CREATE TABLE u (id int PRIMARY KEY, c int);
CREATE PUBLICATION p FOR TABLE t (id, c), u WHERE (id > 0);
-- after
CREATE TABLE t (id int PRIMARY KEY, "a b" text, c int);
CREATE TABLE u (id int PRIMARY KEY, c int);
CREATE PUBLICATION p FOR TABLE t ("a b", id) WHERE (id > 5 AND id < 10 AND id <> 7), u;
