-- since: 14
-- before
CREATE TABLE t (id int PRIMARY KEY, a text);
-- after
CREATE TABLE t (id int PRIMARY KEY, a text, b text COMPRESSION pglz);
ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER a SET STATISTICS 500, ALTER a SET (n_distinct = 10);
