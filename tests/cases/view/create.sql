-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT id, upper(name) AS name FROM public.t WHERE id > 0;
