-- before
-- after
CREATE FUNCTION public.a() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.z VALUES (1); RETURN NEW; END $$;
CREATE TABLE public.z (id int);
