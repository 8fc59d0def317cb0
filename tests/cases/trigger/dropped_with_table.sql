-- expect: hazards=deletes-data; reversible=no
-- before
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();
COMMENT ON TRIGGER g ON public.t IS 'gone with it';
-- after
