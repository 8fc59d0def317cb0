-- before
CREATE TABLE public.t (id int, owner text);
-- after
CREATE TABLE public.t (id int, owner text);
CREATE TABLE public.z (id int, owner text);
CREATE FUNCTION public.zf(int) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
CREATE POLICY p ON public.t USING (EXISTS (SELECT 1 FROM public.z WHERE z.id = t.id AND z.owner = t.owner) OR public.zf(id));
