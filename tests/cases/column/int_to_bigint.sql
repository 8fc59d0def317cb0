-- before
CREATE TABLE t (id integer PRIMARY KEY, a int);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a bigint);
-- expect: hazards=rewrites
