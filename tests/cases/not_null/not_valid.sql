-- since: 18
-- expect: hazards = may-fail; locks = SHARE UPDATE EXCLUSIVE on table public.t
-- before
CREATE TABLE public.t (a int, b int, c int NOT NULL, "D d" int NOT NULL);
ALTER TABLE public.t ADD CONSTRAINT later NOT NULL a NOT VALID;
COMMENT ON CONSTRAINT t_c_not_null ON public.t IS 'stays';
-- after
CREATE TABLE public.t (a int CONSTRAINT later NOT NULL, b int, c int, "D d" int, e int);
ALTER TABLE public.t ADD NOT NULL b NOT VALID;
ALTER TABLE public.t ADD NOT NULL c NOT VALID;
ALTER TABLE public.t ADD CONSTRAINT "why not" NOT NULL "D d" NOT VALID;
ALTER TABLE public.t ADD CONSTRAINT e_there NOT NULL e NOT VALID;
COMMENT ON CONSTRAINT t_c_not_null ON public.t IS 'stays';
CREATE TABLE public.new (a int, b text);
ALTER TABLE public.new ADD CONSTRAINT from_now_on NOT NULL b NOT VALID;
