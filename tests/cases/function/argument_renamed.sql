-- before
CREATE TABLE public.t (id int);
CREATE FUNCTION public.f(a int, b text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
ALTER TABLE public.t ALTER id SET DEFAULT public.f(1, 'x');
-- after
CREATE TABLE public.t (id int);
CREATE FUNCTION public.f(a int, other text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
ALTER TABLE public.t ALTER id SET DEFAULT public.f(1, 'x');
