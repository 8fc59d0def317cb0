-- before
CREATE TABLE public.t (id int);
CREATE FUNCTION public.eq(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR public.=== (FUNCTION = public.eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(public.===));
CREATE VIEW public.v AS SELECT id OPERATOR(public.===) 1 AS one FROM public.t;
-- after
CREATE TABLE public.t (id int);
CREATE FUNCTION public.eq(x int, y int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR public.=== (FUNCTION = public.eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(public.===));
CREATE VIEW public.v AS SELECT id OPERATOR(public.===) 1 AS one FROM public.t;
