-- before
CREATE TABLE public.t (id int);
CREATE TABLE public.log (id int);
CREATE RULE r AS ON INSERT TO public.t DO ALSO INSERT INTO public.log (id) VALUES (NEW.id);
-- after
CREATE TABLE public.t (id int, n int);
CREATE TABLE public.log (id int, n int);
CREATE RULE r AS ON INSERT TO public.t DO ALSO INSERT INTO public.log (id, n) VALUES (NEW.id, NEW.n);
