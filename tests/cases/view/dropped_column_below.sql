-- expect: hazards=deletes-data; reversible=no
-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text, gone text);
CREATE VIEW public.v AS SELECT id, gone FROM public.t;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT id FROM public.t;
