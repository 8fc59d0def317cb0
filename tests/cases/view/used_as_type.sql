-- before
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT id, name FROM public.t;
CREATE FUNCTION public.f(public.v) RETURNS SETOF public.v LANGUAGE sql AS 'SELECT * FROM public.v';
