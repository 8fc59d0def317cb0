-- before
CREATE FUNCTION public.f(a anyelement, b anyelement DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
CREATE FUNCTION public.f(a anyelement, b anyelement DEFAULT 'x'::text) RETURNS int LANGUAGE sql AS 'SELECT 1';
