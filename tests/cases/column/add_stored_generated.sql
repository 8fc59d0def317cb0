-- before
CREATE TABLE t (id integer PRIMARY KEY, b int);
-- after
CREATE TABLE t (id integer PRIMARY KEY, b int, a int GENERATED ALWAYS AS (b * 2) STORED);
-- expect: hazards=rewrites
