-- before
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE MATERIALIZED VIEW public.z AS SELECT id, n FROM public.t;
CREATE MATERIALIZED VIEW public.a AS SELECT sum(n) AS n FROM public.z;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE MATERIALIZED VIEW public.z AS SELECT id, n * 2 AS n FROM public.t;
CREATE MATERIALIZED VIEW public.a AS SELECT sum(n) AS n FROM public.z;
