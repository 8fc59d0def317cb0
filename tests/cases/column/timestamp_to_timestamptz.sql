-- before
CREATE TABLE t (id integer PRIMARY KEY, a timestamp);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a timestamptz);
-- expect: hazards=rewrites
