-- before
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE VIEW public.v AS SELECT id, name FROM public.t;
-- after
CREATE TABLE public.t (id int PRIMARY KEY, name text);
CREATE FUNCTION public.zz(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE VIEW public.v AS SELECT id, public.zz(name) AS name FROM public.t;
