-- before
CREATE TABLE t (a text);
-- after
CREATE TABLE t (a text);
CREATE VIEW v AS
SELECT DISTINCT ON (a) NULL::integer, 'x'::text AS x, (string_to_array(a, '-'))[1]::text AS text FROM t;
CREATE MATERIALIZED VIEW m AS SELECT DISTINCT ON (a) NULL::integer, (string_to_array(a, '-'))[1]::text AS text FROM t;
