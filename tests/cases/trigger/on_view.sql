-- before
CREATE TABLE public.t (id int);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW public.v AS SELECT id FROM public.t;
CREATE TRIGGER g INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.f();
COMMENT ON TRIGGER g ON public.v IS 'kept';
-- after
CREATE TABLE public.t (id int);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW public.v AS SELECT id::text AS id FROM public.t;
CREATE TRIGGER g INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.f();
COMMENT ON TRIGGER g ON public.v IS 'kept';
