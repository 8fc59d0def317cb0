-- before
CREATE TABLE t (a int, c int, b text);
-- after
CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty (a NOT NULL);
