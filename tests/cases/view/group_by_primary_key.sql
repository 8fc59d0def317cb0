-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT id, name, count(*) AS n FROM public.t GROUP BY id;
