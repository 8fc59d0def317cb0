-- expect: locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int, name text);
CREATE TABLE public.log (id int);
-- after
CREATE TABLE public.t (id int, name text);
CREATE TABLE public.log (id int);
CREATE RULE r AS ON INSERT TO public.t DO ALSO INSERT INTO public.log VALUES (NEW.id);
