-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
-- after
CREATE UNLOGGED TABLE t (id integer PRIMARY KEY, a integer, b text);
-- expect: hazards=rewrites; locks=ACCESS EXCLUSIVE on table public.t
