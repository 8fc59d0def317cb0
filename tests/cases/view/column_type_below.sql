-- before
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE VIEW public.v AS SELECT id, n FROM public.t;
CREATE VIEW public.over AS SELECT sum(n) AS total FROM public.v;
COMMENT ON VIEW public.over IS 'kept';
-- after
CREATE TABLE public.t (id int PRIMARY KEY, n bigint);
CREATE VIEW public.v AS SELECT id, n FROM public.t;
CREATE VIEW public.over AS SELECT sum(n) AS total FROM public.v;
COMMENT ON VIEW public.over IS 'kept';
