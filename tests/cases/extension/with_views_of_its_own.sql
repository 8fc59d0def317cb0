-- before
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pg_buffercache;
CREATE TABLE t (id int);
-- after
CREATE TABLE t (id int);
-- expect: locks=ACCESS EXCLUSIVE on view public.pg_stat_statements
