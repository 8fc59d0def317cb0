-- before
CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty;
-- after
CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty (PRIMARY KEY (a), b WITH OPTIONS NOT NULL DEFAULT 'x');
