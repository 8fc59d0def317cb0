-- before
CREATE TABLE t (id int, "select" int);
COMMENT ON TABLE t IS 'x';
-- after
CREATE TABLE t (id int, "select" int);
COMMENT ON TABLE t IS E'it''s {braces} %s %% $1 \\ back\nnew line\tand – ünïcode';
COMMENT ON COLUMN t."select" IS '''';
