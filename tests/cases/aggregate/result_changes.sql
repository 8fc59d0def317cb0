-- before
CREATE TABLE public.t (id int);
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE VIEW public.v AS SELECT public.total(id) AS n FROM public.t;
COMMENT ON AGGREGATE public.total(int) IS 'kept';
-- after
CREATE TABLE public.t (id int);
CREATE AGGREGATE public.total(int) (SFUNC = int4_sum, STYPE = bigint, INITCOND = '0');
CREATE VIEW public.v AS SELECT public.total(id) AS n FROM public.t;
COMMENT ON AGGREGATE public.total(int) IS 'kept';
