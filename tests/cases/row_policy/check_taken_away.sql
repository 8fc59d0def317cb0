-- before
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t USING (id > 0) WITH CHECK (id > 1);
-- after
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t USING (id > 0);
