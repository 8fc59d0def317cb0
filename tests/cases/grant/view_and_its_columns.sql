-- roles: case_grant_a
-- before
CREATE TABLE t (id int, b text);
CREATE VIEW v AS SELECT id, b FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
GRANT SELECT (b) ON v TO case_grant_a;
-- after
CREATE TABLE t (id int, b text);
CREATE VIEW v AS SELECT id, b FROM t;
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
GRANT SELECT (id) ON v TO case_grant_a;
GRANT SELECT ON m TO case_grant_a;
