-- before
CREATE FUNCTION public."Step"(state int[], v int) RETURNS int[] LANGUAGE sql IMMUTABLE AS 'SELECT state || v';
-- after
CREATE FUNCTION public."Step"(state int[], v int) RETURNS int[] LANGUAGE sql IMMUTABLE AS 'SELECT state || v';
CREATE FUNCTION public.fin(state int[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT state::text';
CREATE AGGREGATE public."Gather ""all"(v int) (
    SFUNC = public."Step", STYPE = int[], FINALFUNC = public.fin, FINALFUNC_MODIFY = SHAREABLE, INITCOND = '{}'
);
COMMENT ON AGGREGATE public."Gather ""all"(int) IS 'odd';
