-- before
CREATE FUNCTION public.f(a int) RETURNS void LANGUAGE sql AS $$ SELECT 1 $$;
COMMENT ON FUNCTION public.f(int) IS 'kept';
-- after
CREATE PROCEDURE public.f(a int) LANGUAGE sql AS $$ SELECT 1 $$;
COMMENT ON PROCEDURE public.f(int) IS 'kept';
