-- before
CREATE TYPE mood AS ENUM ('happy', 'sad');
COMMENT ON TYPE mood IS 'how it goes';
CREATE TYPE pair AS (one mood, other int);
CREATE FUNCTION said(mood) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE TABLE t (id int, m mood NOT NULL DEFAULT 'sad', many mood[], p pair, CHECK (m <> 'sad' OR id > 0));
CREATE INDEX t_m ON t (m);
CREATE VIEW v AS SELECT m, said(m) AS said FROM t;
GRANT SELECT ON v TO PUBLIC;
CREATE TABLE parts (m mood, n int) PARTITION BY LIST (m);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN ('happy');
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
-- after
CREATE DOMAIN mood AS text CHECK (VALUE IN ('happy', 'sad'));
COMMENT ON DOMAIN mood IS 'how it is';
CREATE TYPE pair AS (one mood, other int);
CREATE FUNCTION said(mood) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
CREATE TABLE t (id int, m mood NOT NULL DEFAULT 'sad', many mood[], p pair, CHECK (m <> 'sad' OR id > 0));
CREATE INDEX t_m ON t (m);
CREATE VIEW v AS SELECT m, said(m) AS said FROM t;
GRANT SELECT ON v TO PUBLIC;
CREATE TABLE parts (m mood, n int) PARTITION BY LIST (m);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN ('happy');
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
