-- before
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON DELETE TO public.t DO INSTEAD NOTHING;
ALTER TABLE public.t DISABLE RULE r;
COMMENT ON RULE r ON public.t IS 'kept';
-- after
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON DELETE TO public.t WHERE OLD.id > 1 DO INSTEAD NOTHING;
ALTER TABLE public.t DISABLE RULE r;
COMMENT ON RULE r ON public.t IS 'kept';
