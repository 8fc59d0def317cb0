-- before
CREATE TABLE t (id int, n int);
CREATE VIEW below AS SELECT id, n FROM t;
CREATE VIEW v AS SELECT id, n FROM below;
CREATE VIEW over AS SELECT id FROM v;
-- after
CREATE TABLE t (id int, n int);
CREATE MATERIALIZED VIEW below AS SELECT id, n FROM t;
CREATE VIEW v AS SELECT id, n FROM below WHERE n > 0;
CREATE VIEW over AS SELECT id FROM v;
