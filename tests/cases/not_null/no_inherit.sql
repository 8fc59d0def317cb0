-- since: 18
-- before
CREATE TABLE public.p (a int NOT NULL NO INHERIT, b int CONSTRAINT here NOT NULL, c int, d int NOT NULL);
CREATE TABLE public.k () INHERITS (public.p);
-- after
CREATE TABLE public.p (
    a int NOT NULL, b int CONSTRAINT here NOT NULL NO INHERIT, c int NOT NULL NO INHERIT, d int
);
CREATE TABLE public.k () INHERITS (public.p);
CREATE TABLE public.new (x int CONSTRAINT only_here NOT NULL NO INHERIT);
