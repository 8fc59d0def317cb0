-- expect: hazards=changes-access; locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t USING (owner = current_user);
COMMENT ON POLICY p ON public.t IS 'own rows';
-- after
CREATE TABLE public.t (id int, owner text);
