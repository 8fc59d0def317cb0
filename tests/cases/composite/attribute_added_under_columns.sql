-- before
CREATE TYPE pair AS (a int, b text);
CREATE TABLE t (p pair, ps pair[]);
CREATE VIEW v AS SELECT (p).a, ps FROM t;
COMMENT ON VIEW v IS 'stays';
-- after
CREATE TYPE pair AS (a int, b text, c date);
CREATE TABLE t (p pair, ps pair[]);
CREATE VIEW v AS SELECT (p).a, ps FROM t;
COMMENT ON VIEW v IS 'stays';
-- expect: reversible=yes
