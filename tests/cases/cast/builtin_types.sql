-- before
CREATE FUNCTION public.b(int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT '\x00'::bytea $$;
-- after
CREATE FUNCTION public.b(int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT '\x00'::bytea $$;
CREATE CAST (date AS point) WITH INOUT;
CREATE CAST (timestamp with time zone AS "char") WITH INOUT;
