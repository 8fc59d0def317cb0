-- expect: hazards=long-running
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW public.m AS SELECT id, name FROM public.t;
