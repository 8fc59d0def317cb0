-- before
CREATE TABLE t (id integer PRIMARY KEY, a json);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a jsonb);
-- expect: hazards=rewrites
