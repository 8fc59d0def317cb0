-- since: 15
-- expect: hazards=changes-access
-- before
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE VIEW public.v AS SELECT id FROM public.t;
-- after
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE VIEW public.v WITH (security_invoker = true, security_barrier = true) AS SELECT id FROM public.t;
