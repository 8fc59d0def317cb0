-- before
CREATE TABLE public.p (id int, k int) PARTITION BY LIST (k);
CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES IN (1);
-- after
CREATE TABLE public.p (id int, k int) PARTITION BY LIST (k);
CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES IN (1);
ALTER TABLE public.p ENABLE ROW LEVEL SECURITY;
CREATE POLICY a ON public.p USING (id > 0);
CREATE POLICY b ON public.p1 USING (id > 1);
