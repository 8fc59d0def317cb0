-- before
CREATE FUNCTION public.near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 2';
-- after
CREATE FUNCTION public.near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 2';
CREATE OPERATOR public.~~~~ (FUNCTION = public.near, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(public.~~~~));
