-- before
CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty (PRIMARY KEY (a));
-- after
CREATE TYPE ty AS (b text, a int);
CREATE TABLE t OF ty (PRIMARY KEY (a));
