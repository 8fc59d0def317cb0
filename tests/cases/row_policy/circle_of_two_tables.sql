-- before
CREATE TABLE public.a (id int);
CREATE TABLE public.b (id int);
CREATE POLICY p ON public.a USING (EXISTS (SELECT 1 FROM public.b WHERE b.id = a.id));
CREATE POLICY p ON public.b USING (EXISTS (SELECT 1 FROM public.a WHERE a.id = b.id));
-- after
