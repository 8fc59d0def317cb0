-- before
CREATE TABLE public.t (id int, n int);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE UPDATE OF n ON public.t FOR EACH ROW WHEN (NEW.n > 0) EXECUTE FUNCTION public.f();
-- after
CREATE TABLE public.t (id int, n bigint);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE UPDATE OF n ON public.t FOR EACH ROW WHEN (NEW.n > 0) EXECUTE FUNCTION public.f();
