-- before
CREATE FUNCTION public.f(int, text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
-- after
CREATE FUNCTION public.f(a int, b text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
