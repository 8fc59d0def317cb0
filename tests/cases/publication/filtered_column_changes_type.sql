-- since: 15
-- before
CREATE TABLE t (id int PRIMARY KEY, c int);
CREATE PUBLICATION p FOR TABLE t (id, c) WHERE (id > 0);
COMMENT ON PUBLICATION p IS 'ours';
-- after
CREATE TABLE t (id bigint PRIMARY KEY, c int);
CREATE PUBLICATION p FOR TABLE t (id, c) WHERE (id > 0);
COMMENT ON PUBLICATION p IS 'ours';
