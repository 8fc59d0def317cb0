-- before
CREATE TABLE t (id integer PRIMARY KEY, a timestamp, b timestamp(3));
-- after
CREATE TABLE t (id integer PRIMARY KEY, a timestamptz, b timestamptz);
-- expect: no-hazards=rewrites
