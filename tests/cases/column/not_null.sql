-- before
CREATE TABLE t (id integer PRIMARY KEY, a text);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL);
-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.t
