-- expect: locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON DELETE TO public.t DO INSTEAD NOTHING;
-- after
CREATE TABLE public.t (id int, name text);
CREATE RULE r AS ON DELETE TO public.t DO INSTEAD NOTHING;
CREATE RULE s AS ON INSERT TO public.t DO ALSO NOTIFY t;
ALTER TABLE public.t ENABLE REPLICA RULE r;
ALTER TABLE public.t ENABLE ALWAYS RULE s;
