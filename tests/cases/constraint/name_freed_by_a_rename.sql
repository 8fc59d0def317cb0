-- before
CREATE TABLE t (id int, b int, CONSTRAINT old_pk PRIMARY KEY (id));
CREATE INDEX old_i ON t (b);
-- after
CREATE TABLE t (id int, b int, CONSTRAINT new_pk PRIMARY KEY (id));
CREATE INDEX old_pk ON t (b);
