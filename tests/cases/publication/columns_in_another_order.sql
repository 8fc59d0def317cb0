-- since: 15
-- before
CREATE TABLE t (c int, id int PRIMARY KEY, b int);
CREATE PUBLICATION p FOR TABLE t (c, id);
-- after
CREATE TABLE t (id int PRIMARY KEY, b int, c int);
CREATE PUBLICATION p FOR TABLE t (id, c);
