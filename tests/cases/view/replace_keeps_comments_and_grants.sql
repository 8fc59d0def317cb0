-- roles: case_reader
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT id, name FROM public.t;
CREATE VIEW public.over AS SELECT id FROM public.v;
COMMENT ON VIEW public.v IS 'people';
COMMENT ON COLUMN public.v.id IS 'the number';
COMMENT ON VIEW public.over IS 'above it';
GRANT SELECT ON public.v TO case_reader;
GRANT SELECT (id) ON public.over TO case_reader;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT name, id FROM public.t;
CREATE VIEW public.over AS SELECT id FROM public.v;
COMMENT ON VIEW public.v IS 'people';
COMMENT ON COLUMN public.v.id IS 'the number';
COMMENT ON VIEW public.over IS 'above it';
GRANT SELECT ON public.v TO case_reader;
GRANT SELECT (id) ON public.over TO case_reader;
