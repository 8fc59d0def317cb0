-- before
CREATE TABLE public.t (id int);
ALTER TABLE public.t FORCE ROW LEVEL SECURITY;
-- after
CREATE TABLE public.t (id int);
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
