-- before
CREATE TABLE t (id integer PRIMARY KEY, a bigserial, b int);
-- after
CREATE TABLE t (id integer PRIMARY KEY, b int);
-- expect: hazards=deletes-data
