-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX i ON t (a);
-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.t
