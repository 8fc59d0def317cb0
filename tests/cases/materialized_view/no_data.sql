-- before
CREATE TABLE public.t (id int PRIMARY KEY);
-- after
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW public.m AS SELECT 1 / id AS x FROM public.t WITH NO DATA;
