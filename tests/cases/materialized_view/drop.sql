-- expect: hazards=breaks-code; locks=ACCESS EXCLUSIVE on materialized view public.m
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW public.m AS SELECT id, name FROM public.t;
CREATE UNIQUE INDEX m_id ON public.m (id);
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
