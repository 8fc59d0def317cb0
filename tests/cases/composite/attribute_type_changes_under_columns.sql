-- before
CREATE TYPE pair AS (a int, b text);
CREATE TABLE t (id int, p pair DEFAULT ROW(1, 'x'), ps pair[]);
CREATE VIEW v AS SELECT id, (p).a FROM t;
COMMENT ON TYPE pair IS 'two';
COMMENT ON COLUMN pair.a IS 'first';
-- after
CREATE TYPE pair AS (a bigint, b text);
CREATE TABLE t (id int, p pair DEFAULT ROW(1, 'x'), ps pair[]);
CREATE VIEW v AS SELECT id, (p).a FROM t;
COMMENT ON TYPE pair IS 'two';
COMMENT ON COLUMN pair.a IS 'first';
-- expect: hazards=rewrites
