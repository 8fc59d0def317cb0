-- before
CREATE TABLE t (id int PRIMARY KEY, gone int CONSTRAINT sane CHECK (gone > 0));
COMMENT ON COLUMN t.gone IS 'a';
COMMENT ON CONSTRAINT sane ON t IS 'b';
COMMENT ON CONSTRAINT t_pkey ON t IS 'c';
COMMENT ON INDEX t_pkey IS 'd';
CREATE VIEW v AS SELECT id FROM t;
COMMENT ON COLUMN v.id IS 'e';
CREATE TYPE c AS (a int, b int);
COMMENT ON COLUMN c.b IS 'f';
-- after
CREATE TABLE t (id int);
CREATE TYPE c AS (a int);
-- expect: hazards=deletes-data
