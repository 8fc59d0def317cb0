-- before
CREATE FUNCTION public.step(state int, v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT state + v';
CREATE AGGREGATE public.total(int) (SFUNC = public.step, STYPE = int);
-- after
CREATE FUNCTION public.step(s int, v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT s + v';
CREATE AGGREGATE public.total(int) (SFUNC = public.step, STYPE = int);
