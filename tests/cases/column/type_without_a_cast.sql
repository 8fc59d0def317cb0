-- before
CREATE TABLE t (id int PRIMARY KEY, a bigint, b boolean DEFAULT true NOT NULL, c integer[], d timestamptz);
CREATE INDEX i ON t (b);
CREATE VIEW v AS SELECT a, c FROM t;
-- after
CREATE TABLE t (id int PRIMARY KEY, a boolean, b jsonb DEFAULT '{}' NOT NULL, c numeric(10, 2), d numeric);
CREATE VIEW v AS SELECT a, c FROM t;
