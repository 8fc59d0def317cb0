-- since: 18
-- before
CREATE TABLE public.p (a int CONSTRAINT must NOT NULL, b int NOT NULL, c int) PARTITION BY LIST (b);
CREATE TABLE public.one PARTITION OF public.p (CONSTRAINT c_in_one NOT NULL c) FOR VALUES IN (1);
CREATE TABLE public.two (a int NOT NULL, b int NOT NULL, c int);
ALTER TABLE public.p ATTACH PARTITION public.two FOR VALUES IN (2);
CREATE TABLE public.q (a int NOT NULL);
CREATE TABLE public.r (a int CONSTRAINT mine NOT NULL) INHERITS (public.q);
CREATE TABLE public.s (a int NOT NULL) INHERITS (public.q);
-- after
CREATE TABLE public.p (a int CONSTRAINT has_to NOT NULL, b int CONSTRAINT key NOT NULL, c int) PARTITION BY LIST (b);
CREATE TABLE public.one PARTITION OF public.p (CONSTRAINT c_there NOT NULL c) FOR VALUES IN (1);
CREATE TABLE public.two (a int NOT NULL, b int NOT NULL, c int CONSTRAINT of_two NOT NULL);
ALTER TABLE public.p ATTACH PARTITION public.two FOR VALUES IN (2);
CREATE TABLE public.q (a int);
CREATE TABLE public.r (a int CONSTRAINT mine NOT NULL) INHERITS (public.q);
CREATE TABLE public.s () INHERITS (public.q);
