-- expect: hazards=locks-readers,long-running
-- roles: case_reader
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW public.m AS SELECT id, name FROM public.t;
CREATE UNIQUE INDEX m_id ON public.m (id);
CREATE INDEX "M lower" ON public.m (lower(name));
COMMENT ON MATERIALIZED VIEW public.m IS 'stored';
COMMENT ON INDEX public.m_id IS 'for refresh';
GRANT SELECT ON public.m TO case_reader;
CREATE VIEW public.over AS SELECT id FROM public.m;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW public.m AS SELECT id, name, length(name) AS len FROM public.t;
CREATE UNIQUE INDEX m_id ON public.m (id);
CREATE INDEX "M lower" ON public.m (lower(name));
COMMENT ON MATERIALIZED VIEW public.m IS 'stored';
COMMENT ON INDEX public.m_id IS 'for refresh';
GRANT SELECT ON public.m TO case_reader;
CREATE VIEW public.over AS SELECT id FROM public.m;
