-- before
CREATE TABLE t (id integer PRIMARY KEY, b int, a int GENERATED ALWAYS AS (b * 2) STORED);
-- after
CREATE TABLE t (id integer PRIMARY KEY, b int, a int GENERATED ALWAYS AS (b * 3) STORED);
-- expect: hazards=rewrites
