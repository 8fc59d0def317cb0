-- before
CREATE TYPE public.pair AS (a int, b int);
CREATE TABLE public.t (p public.pair);
-- after
CREATE TYPE public.pair AS (a int, b int);
CREATE TABLE public.t (p public.pair);
CREATE FUNCTION public.flat(public.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
CREATE CAST (public.pair AS int) WITH FUNCTION public.flat(public.pair);
CREATE VIEW public.v AS SELECT p::int AS n FROM public.t;
