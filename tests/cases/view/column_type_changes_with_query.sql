-- before
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE VIEW public.v AS SELECT id, n FROM public.t;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE VIEW public.v AS SELECT id, n::text AS n FROM public.t;
