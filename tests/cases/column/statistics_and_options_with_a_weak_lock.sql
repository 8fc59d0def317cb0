-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.t
-- before
CREATE TABLE t (a int, b text);
-- after
CREATE TABLE t (a int, b text);
ALTER TABLE t ALTER a SET STATISTICS 500;
