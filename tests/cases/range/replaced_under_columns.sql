-- roles: case_range_reader
-- before
CREATE TYPE span AS RANGE (subtype = int);
CREATE TABLE t (id int PRIMARY KEY, s span DEFAULT span(1, 5) NOT NULL, all_of span[], EXCLUDE USING gist (s WITH &&));
CREATE VIEW wide AS SELECT id, upper(s) - lower(s) AS width FROM t WHERE s @> 3;
CREATE FUNCTION f(s span) RETURNS int LANGUAGE sql AS 'SELECT lower(s)';
GRANT USAGE ON TYPE span TO case_range_reader;
REVOKE USAGE ON TYPE span FROM PUBLIC;
COMMENT ON TYPE span IS 'from to';
-- after
CREATE TYPE span AS RANGE (subtype = bigint);
CREATE TABLE t (id int PRIMARY KEY, s span DEFAULT span(1, 5) NOT NULL, all_of span[], EXCLUDE USING gist (s WITH &&));
CREATE VIEW wide AS SELECT id, upper(s) - lower(s) AS width FROM t WHERE s @> 3::bigint;
CREATE FUNCTION f(s span) RETURNS int LANGUAGE sql AS 'SELECT lower(s)::int';
GRANT USAGE ON TYPE span TO case_range_reader;
REVOKE USAGE ON TYPE span FROM PUBLIC;
COMMENT ON TYPE span IS 'from to';
-- expect: hazards=rewrites
