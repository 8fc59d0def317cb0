-- before
CREATE TYPE public.mood AS ENUM ('a');
CREATE FUNCTION public.f(public.mood) RETURNS public.mood LANGUAGE sql AS 'SELECT $1';
-- after
CREATE TYPE public.mood AS ENUM ('a', 'b');
CREATE FUNCTION public.f(public.mood) RETURNS public.mood LANGUAGE sql AS 'SELECT $1';
