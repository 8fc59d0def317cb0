-- before
CREATE TABLE t (id integer PRIMARY KEY, a numeric(10,2));
-- after
CREATE TABLE t (id integer PRIMARY KEY, a numeric(10,4));
-- expect: hazards=rewrites
