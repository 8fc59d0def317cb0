-- roles: case_domain_reader
-- before
CREATE DOMAIN amount AS int CHECK (VALUE >= 0);
CREATE TABLE sales (id int PRIMARY KEY, total amount DEFAULT 0 NOT NULL, parts amount[]);
CREATE INDEX sales_total ON sales (total);
CREATE VIEW big AS SELECT id, total FROM sales WHERE total > 100;
CREATE FUNCTION twice(a amount) RETURNS amount LANGUAGE sql AS 'SELECT (2 * a)::amount';
GRANT USAGE ON TYPE amount TO case_domain_reader WITH GRANT OPTION;
GRANT SELECT ON big TO case_domain_reader;
COMMENT ON DOMAIN amount IS 'money';
COMMENT ON VIEW big IS 'large ones';
-- after
CREATE DOMAIN amount AS bigint CHECK (VALUE >= 0);
CREATE TABLE sales (id int PRIMARY KEY, total amount DEFAULT 0 NOT NULL, parts amount[]);
CREATE INDEX sales_total ON sales (total);
CREATE VIEW big AS SELECT id, total FROM sales WHERE total > 100;
CREATE FUNCTION twice(a amount) RETURNS amount LANGUAGE sql AS 'SELECT (2 * a)::amount';
GRANT USAGE ON TYPE amount TO case_domain_reader WITH GRANT OPTION;
GRANT SELECT ON big TO case_domain_reader;
COMMENT ON DOMAIN amount IS 'money';
COMMENT ON VIEW big IS 'large ones';
-- expect: hazards=rewrites,may-fail
