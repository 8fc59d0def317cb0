-- before
-- after
CREATE TABLE public.t (id int, name varchar(9));
CREATE FUNCTION public.z() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE UPDATE ON public.t FOR EACH ROW WHEN (NEW.name IN ('a', 'b') AND OLD.id BETWEEN 1 AND 2 AND true) EXECUTE FUNCTION public.z();
