-- before
CREATE TABLE public.t (id int PRIMARY KEY, status varchar(10), n numeric);
-- after
CREATE TABLE public.t (id int PRIMARY KEY, status varchar(10), n numeric);
CREATE VIEW public.v AS SELECT id FROM public.t WHERE status IN ('new', 'it''s') AND n BETWEEN 1 AND 2 AND id > 0;
