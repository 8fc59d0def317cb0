-- before
CREATE TABLE public.t (id int, name text);
CREATE VIEW public.v AS SELECT id, name FROM public.t;
CREATE RULE r AS ON INSERT TO public.v DO INSTEAD INSERT INTO public.t VALUES (NEW.id, NEW.name) RETURNING t.id, t.name;
COMMENT ON RULE r ON public.v IS 'kept';
-- after
CREATE TABLE public.t (id int, name text);
CREATE VIEW public.v AS SELECT name, id FROM public.t;
CREATE RULE r AS ON INSERT TO public.v DO INSTEAD INSERT INTO public.t VALUES (NEW.id, NEW.name);
COMMENT ON RULE r ON public.v IS 'kept';
