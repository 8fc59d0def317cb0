-- roles: case_reader
-- before
CREATE TABLE public.t (id int);
CREATE FUNCTION public.f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + 1 $$;
CREATE VIEW public.v AS SELECT public.f(id) AS x FROM public.t;
COMMENT ON FUNCTION public.f(int) IS 'kept';
COMMENT ON VIEW public.v IS 'kept too';
REVOKE ALL ON FUNCTION public.f(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.f(int) TO case_reader;
-- after
CREATE TABLE public.t (id int);
CREATE FUNCTION public.f(a int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT a + 1::bigint $$;
CREATE VIEW public.v AS SELECT public.f(id) AS x FROM public.t;
COMMENT ON FUNCTION public.f(int) IS 'kept';
COMMENT ON VIEW public.v IS 'kept too';
REVOKE ALL ON FUNCTION public.f(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.f(int) TO case_reader;
