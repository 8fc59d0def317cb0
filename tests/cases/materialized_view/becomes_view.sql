-- before
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE MATERIALIZED VIEW public.m AS SELECT id, n FROM public.t;
CREATE INDEX m_n ON public.m (n);
CREATE VIEW public.over AS SELECT id FROM public.m;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE VIEW public.m AS SELECT id, n FROM public.t;
CREATE VIEW public.over AS SELECT id FROM public.m;
