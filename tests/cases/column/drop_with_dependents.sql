-- before
CREATE TABLE t (id int PRIMARY KEY, a text, b int, CHECK (a <> 'x'));
CREATE INDEX ta ON t (a, b);
CREATE VIEW v AS SELECT a, b FROM t;
CREATE VIEW w AS SELECT a FROM v;
-- after
CREATE TABLE t (id int PRIMARY KEY, b int);
CREATE INDEX ta ON t (b);
CREATE VIEW v AS SELECT b FROM t;
