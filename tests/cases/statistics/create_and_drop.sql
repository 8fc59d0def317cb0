-- before
CREATE TABLE t (a int, b int, c int);
CREATE STATISTICS old ON a, b FROM t;
-- after
CREATE TABLE t (a int, b int, c int);
CREATE STATISTICS "Fresh One" (ndistinct) ON b, c FROM t;
-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.t
