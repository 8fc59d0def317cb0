-- expect: locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON DELETE TO public.t DO INSTEAD NOTHING;
COMMENT ON RULE r ON public.t IS 'protects';
-- after
CREATE TABLE public.t (id int, name text);
