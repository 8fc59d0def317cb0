-- before
CREATE FUNCTION public.eq(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR public.=== (FUNCTION = public.eq, LEFTARG = int, RIGHTARG = int, RESTRICT = eqsel);
COMMENT ON OPERATOR public.=== (int, int) IS 'kept';
-- after
CREATE FUNCTION public.eq(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR public.=== (FUNCTION = public.eq, LEFTARG = int, RIGHTARG = int, JOIN = eqjoinsel);
COMMENT ON OPERATOR public.=== (int, int) IS 'kept';
