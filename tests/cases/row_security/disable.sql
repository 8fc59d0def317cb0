-- expect: hazards=changes-access; locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int);
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON public.t USING (id > 0);
-- after
CREATE TABLE public.t (id int);
