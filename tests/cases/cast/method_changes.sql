-- before
CREATE TYPE public.pair AS (a int, b int);
CREATE FUNCTION public.flat(public.pair) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'x' $$;
CREATE CAST (public.pair AS text) WITH INOUT AS ASSIGNMENT;
-- after
CREATE TYPE public.pair AS (a int, b int);
CREATE FUNCTION public.flat(public.pair) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'x' $$;
CREATE CAST (public.pair AS text) WITH FUNCTION public.flat(public.pair) AS ASSIGNMENT;
