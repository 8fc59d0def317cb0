-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
ALTER TABLE t SET (fillfactor=70, autovacuum_enabled=false);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
ALTER TABLE t SET (fillfactor=80, toast.autovacuum_enabled=false);
-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.t
