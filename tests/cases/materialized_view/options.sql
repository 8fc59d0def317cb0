-- expect: locks=SHARE UPDATE EXCLUSIVE on materialized view public.m
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW public.m WITH (fillfactor = 70) AS SELECT id, name FROM public.t;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW public.m WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)
AS SELECT id, name FROM public.t;
