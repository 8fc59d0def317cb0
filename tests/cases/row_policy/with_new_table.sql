-- roles: case_tenant case_admin
-- before
-- after
CREATE TABLE public.t (id int, owner varchar(20));
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.t FOR SELECT TO case_tenant, case_admin USING (owner IN ('a', 'b') AND id BETWEEN 1 AND 3 AND true);
CREATE POLICY q ON public.t FOR INSERT WITH CHECK (owner = current_setting('app.current_user_id', true));
