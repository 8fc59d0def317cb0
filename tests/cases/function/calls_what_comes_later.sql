-- before
-- after
CREATE TABLE public.z (id int);
CREATE FUNCTION public.a() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$;
CREATE FUNCTION public.f(public.z) RETURNS SETOF public.z LANGUAGE sql AS $$ SELECT * FROM public.z $$;
ALTER TABLE public.z ADD n bigint DEFAULT public.a();
