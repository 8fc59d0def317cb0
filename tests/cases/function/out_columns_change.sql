-- before
CREATE FUNCTION public.f(a int, OUT b int, OUT c text) LANGUAGE sql AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION public.tab(VARIADIC a int[]) RETURNS TABLE (x int) LANGUAGE sql AS $$ SELECT 1 $$;
-- after
CREATE FUNCTION public.f(a int, OUT b int, OUT d text) LANGUAGE sql AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION public.tab(VARIADIC a int[]) RETURNS TABLE (x int, y text) LANGUAGE sql AS $$ SELECT 1, 'y' $$;
