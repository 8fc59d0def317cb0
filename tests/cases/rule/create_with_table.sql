-- before
-- after
CREATE TABLE public.t (id int, name varchar(9));
CREATE TABLE public.a (id int);
CREATE RULE r AS ON UPDATE TO public.t WHERE NEW.name IN ('a', 'b') DO INSTEAD (INSERT INTO public.a VALUES (1); DELETE FROM public.a WHERE id BETWEEN 1 AND 2 AND id > 0);
