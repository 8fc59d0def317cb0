-- before
CREATE TABLE t (id integer PRIMARY KEY);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a uuid DEFAULT gen_random_uuid());
-- expect: hazards=rewrites
