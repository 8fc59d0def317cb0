-- expect: hazards=breaks-code
-- before
CREATE TYPE public.pair AS (a int, b int);
CREATE FUNCTION public.flat(public.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
CREATE CAST (public.pair AS int) WITH FUNCTION public.flat(public.pair);
-- after
CREATE TYPE public.pair AS (a int, b int);
