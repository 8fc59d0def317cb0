-- before
CREATE TYPE pair AS (a int, b text);
CREATE TABLE t (p pair);
COMMENT ON COLUMN pair.b IS 'goes';
-- after
CREATE TYPE pair AS (a int);
CREATE TABLE t (p pair);
-- expect: hazards=deletes-data
