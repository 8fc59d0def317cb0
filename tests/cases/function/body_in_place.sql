-- before
CREATE TABLE public.t (id int DEFAULT 1);
CREATE FUNCTION public.f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + 1 $$;
CREATE INDEX t_f ON public.t (public.f(id));
CREATE VIEW public.v AS SELECT public.f(id) AS x FROM public.t;
COMMENT ON FUNCTION public.f(int) IS 'kept';
-- after
CREATE TABLE public.t (id int DEFAULT 1);
CREATE FUNCTION public.f(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE COST 7 AS $$
BEGIN
    -- 100% {braces} and 'quotes' \ stay
    RETURN a + 1;
END $$;
CREATE INDEX t_f ON public.t (public.f(id));
CREATE VIEW public.v AS SELECT public.f(id) AS x FROM public.t;
COMMENT ON FUNCTION public.f(int) IS 'kept';
