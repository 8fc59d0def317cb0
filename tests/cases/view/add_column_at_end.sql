-- expect: locks=ACCESS EXCLUSIVE on view public.v
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text, extra numeric(10, 2));
CREATE VIEW public.v AS SELECT id, name FROM public.t;
CREATE VIEW public.over AS SELECT id FROM public.v;
COMMENT ON VIEW public.v IS 'people';
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text, extra numeric(10, 2));
CREATE VIEW public.v AS SELECT id, name, extra FROM public.t WHERE id BETWEEN 1 AND 9 AND name <> '';
CREATE VIEW public.over AS SELECT id FROM public.v;
COMMENT ON VIEW public.v IS 'people';
