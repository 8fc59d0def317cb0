-- before
CREATE TABLE public.a (id int);
CREATE TABLE public.b (id int);
CREATE RULE r AS ON INSERT TO public.a DO ALSO INSERT INTO public.b VALUES (NEW.id);
CREATE RULE r AS ON DELETE TO public.b DO ALSO DELETE FROM public.a WHERE id = OLD.id;
-- after
