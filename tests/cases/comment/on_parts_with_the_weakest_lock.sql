-- expect: locks=ACCESS SHARE on table public.t
-- before
CREATE TABLE t (a int CHECK (a > 0));
-- after
CREATE TABLE t (a int CHECK (a > 0));
COMMENT ON CONSTRAINT t_a_check ON t IS 'above';
