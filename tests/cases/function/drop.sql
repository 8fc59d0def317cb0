-- expect: hazards=breaks-code
-- before
CREATE FUNCTION public.add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS $$ SELECT a + b $$;
CREATE FUNCTION public.add(a text) RETURNS text LANGUAGE sql AS $$ SELECT a $$;
CREATE PROCEDURE public.p(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := 1; END $$;
-- after
CREATE FUNCTION public.add(a text) RETURNS text LANGUAGE sql AS $$ SELECT a $$;
