-- before
CREATE TABLE public.t (id int, n int);
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.t USING (n > 0);
COMMENT ON POLICY p ON public.t IS 'kept';
-- after
CREATE TABLE public.t (id int, n bigint);
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.t USING (n > 0);
COMMENT ON POLICY p ON public.t IS 'kept';
