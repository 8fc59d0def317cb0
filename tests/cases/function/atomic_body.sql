-- since: 14
-- before
CREATE TABLE public.t (id int, n int);
CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql RETURN 1;
-- after
CREATE TABLE public.t (id int, n int);
CREATE FUNCTION public.f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM public.t WHERE n > 0; END;
CREATE PROCEDURE public.p(IN a int, OUT b int) LANGUAGE sql BEGIN ATOMIC INSERT INTO public.t VALUES (a, a) RETURNING id; END;
