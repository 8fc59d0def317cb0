-- expect: locks=SHARE ROW EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- after
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE INSERT OR UPDATE OF name ON public.t FOR EACH ROW WHEN (NEW.name IN ('a', 'b')) EXECUTE FUNCTION public.f('x', '100%');
