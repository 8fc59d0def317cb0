-- roles: case_tenant
-- before
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t TO case_tenant USING (id > 0);
-- after
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t USING (id > 0);
