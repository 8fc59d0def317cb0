-- expect: locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();
-- after
CREATE TABLE public.t (id int, name text);
