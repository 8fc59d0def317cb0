-- since: 18
-- before
CREATE TABLE t (id integer PRIMARY KEY, b int, a int GENERATED ALWAYS AS (b * 2) VIRTUAL);
-- after
CREATE TABLE t (id integer PRIMARY KEY, b int, a int);
