-- before
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE MATERIALIZED VIEW public.m AS SELECT id, n FROM public.t;
CREATE INDEX m_n ON public.m (n);
COMMENT ON COLUMN public.m.n IS 'amount';
-- after
CREATE TABLE public.t (id int PRIMARY KEY, n bigint);
CREATE MATERIALIZED VIEW public.m AS SELECT id, n FROM public.t;
CREATE INDEX m_n ON public.m (n);
COMMENT ON COLUMN public.m.n IS 'amount';
