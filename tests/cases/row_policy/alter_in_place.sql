-- roles: case_tenant case_admin
-- expect: hazards=changes-access
-- before
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t FOR UPDATE TO case_tenant USING (id > 0) WITH CHECK (id > 1);
COMMENT ON POLICY p ON public.t IS 'kept';
-- after
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t FOR UPDATE TO case_admin, case_tenant USING (id > 2) WITH CHECK (id > 3);
COMMENT ON POLICY p ON public.t IS 'kept';
