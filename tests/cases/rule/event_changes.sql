-- before
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON DELETE TO public.t DO INSTEAD NOTHING;
-- after
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON UPDATE TO public.t DO INSTEAD NOTHING;
