-- before
CREATE TABLE m (ts timestamptz NOT NULL, id int);
CREATE INDEX mi ON m (id);
CREATE VIEW mv AS SELECT id FROM m;
-- after
CREATE TABLE m (ts timestamptz NOT NULL, id int) PARTITION BY RANGE (ts);
CREATE INDEX mi ON m (id);
CREATE VIEW mv AS SELECT id FROM m;
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00');
-- expect: hazards=rewrites,may-fail
