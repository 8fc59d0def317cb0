-- before
CREATE TABLE public.p (x int);
-- after
CREATE TABLE public.p (x int);
CREATE FUNCTION public.eq(public.p, public.p) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.x = $2.x';
CREATE FUNCTION public.ne(public.p, public.p) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.x <> $2.x';
CREATE OPERATOR public.=== (
    FUNCTION = public.eq, LEFTARG = public.p, RIGHTARG = public.p, COMMUTATOR = OPERATOR(public.===),
    NEGATOR = OPERATOR(public.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR public.!== (
    FUNCTION = public.ne, LEFTARG = public.p, RIGHTARG = public.p, COMMUTATOR = OPERATOR(public.!==),
    NEGATOR = OPERATOR(public.===)
);
