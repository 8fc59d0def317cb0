-- expect: locks=ACCESS EXCLUSIVE on view public.v
-- before
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE VIEW public.v AS SELECT id, n FROM public.t;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, n int);
CREATE VIEW public.v AS SELECT id, n AS amount FROM public.t;
