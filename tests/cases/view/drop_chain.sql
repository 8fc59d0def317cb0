-- expect: hazards=breaks-code; locks=ACCESS EXCLUSIVE on view public.z
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.z AS SELECT id, name FROM public.t;
CREATE VIEW public.a AS SELECT id FROM public.z;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
