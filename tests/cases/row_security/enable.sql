-- expect: hazards=changes-access; locks=ACCESS EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (id int);
-- after
CREATE TABLE public.t (id int);
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
