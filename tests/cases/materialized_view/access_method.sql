-- expect: hazards=rewrites; locks=ACCESS EXCLUSIVE on materialized view public.m
-- since: 15
-- before
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW public.m AS SELECT id FROM public.t;
-- after
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW public.m USING heap2 AS SELECT id FROM public.t;
