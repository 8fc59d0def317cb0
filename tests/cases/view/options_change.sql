-- expect: hazards=changes-access; locks=ACCESS EXCLUSIVE on view public.v
-- before
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE VIEW public.v WITH (check_option = local) AS SELECT id FROM public.t WHERE id > 0;
-- after
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE VIEW public.v WITH (security_barrier = true) AS SELECT id FROM public.t WHERE id > 0;
