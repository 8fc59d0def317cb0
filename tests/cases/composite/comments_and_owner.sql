-- roles: case_composite_owner
-- before
CREATE TYPE pair AS (a int, b text);
COMMENT ON COLUMN pair.a IS 'was';
-- after
CREATE TYPE pair AS (a int, b text);
ALTER TYPE pair OWNER TO case_composite_owner;
COMMENT ON TYPE pair IS 'two things';
COMMENT ON COLUMN pair.b IS 'the second';
