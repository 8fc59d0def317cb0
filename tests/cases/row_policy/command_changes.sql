-- before
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t FOR SELECT USING (id > 0);
COMMENT ON POLICY p ON public.t IS 'kept';
-- after
CREATE TABLE public.t (id int, owner text);
CREATE POLICY p ON public.t AS RESTRICTIVE FOR DELETE USING (id > 0);
COMMENT ON POLICY p ON public.t IS 'kept';
