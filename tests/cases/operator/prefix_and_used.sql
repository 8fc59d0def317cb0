-- before
CREATE TABLE public.t (id int);
CREATE FUNCTION public.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
-- after
CREATE TABLE public.t (id int);
CREATE FUNCTION public.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE OPERATOR public.%% (FUNCTION = public.twice, RIGHTARG = int);
CREATE VIEW public.v AS SELECT OPERATOR(public.%%) id AS x FROM public.t;
