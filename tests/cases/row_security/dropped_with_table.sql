-- expect: hazards=deletes-data; reversible=no
-- before
CREATE TABLE public.t (id int);
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.t USING (id > 0);
-- after
