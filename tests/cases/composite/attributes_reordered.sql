-- before
CREATE TYPE pair AS (a int, b text, gone date);
CREATE TABLE t (id int, p pair);
-- after
CREATE TYPE pair AS (b text, fresh bigint, a int);
CREATE TABLE t (id int, p pair);
-- expect: hazards=rewrites,deletes-data
