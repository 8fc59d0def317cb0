-- before
CREATE TABLE public.t (id int);
-- after
CREATE TABLE public.t (id int);
CREATE FUNCTION public.row_of(int) RETURNS public.t LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1)::public.t';
CREATE CAST (int AS public.t) WITH FUNCTION public.row_of(int) AS ASSIGNMENT;
CREATE CAST (public.t AS bigint[]) WITH INOUT;
