-- before
CREATE TABLE public.t (id int);
-- after
CREATE TABLE public.t (id int);
ALTER TABLE public.t FORCE ROW LEVEL SECURITY;
