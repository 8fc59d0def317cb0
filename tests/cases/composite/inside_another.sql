-- before
CREATE TYPE inner_one AS (a int);
CREATE TYPE outer_one AS (i inner_one, b text);
CREATE TABLE t (o outer_one);
-- after
CREATE TYPE inner_one AS (a bigint);
CREATE TYPE outer_one AS (i inner_one, b text);
CREATE TABLE t (o outer_one);
