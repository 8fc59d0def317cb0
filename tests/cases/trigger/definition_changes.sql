-- expect: locks=SHARE ROW EXCLUSIVE on table public.t
-- since: 14
-- before
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();
ALTER TABLE public.t DISABLE TRIGGER g;
COMMENT ON TRIGGER g ON public.t IS 'kept';
-- after
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g AFTER INSERT OR DELETE ON public.t FOR EACH STATEMENT EXECUTE FUNCTION public.f();
ALTER TABLE public.t DISABLE TRIGGER g;
COMMENT ON TRIGGER g ON public.t IS 'kept';
