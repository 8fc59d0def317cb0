-- before
CREATE TABLE m (ts timestamptz NOT NULL, id int NOT NULL, PRIMARY KEY (id, ts)) PARTITION BY RANGE (ts);
CREATE INDEX mi ON m (ts);
CREATE TABLE m2 (ts timestamptz NOT NULL, id int NOT NULL, PRIMARY KEY (id, ts));
CREATE INDEX m2i ON m2 (ts);
-- after
CREATE TABLE m (ts timestamptz NOT NULL, id int NOT NULL, PRIMARY KEY (id, ts)) PARTITION BY RANGE (ts);
CREATE INDEX mi ON m (ts);
CREATE TABLE m2 (ts timestamptz NOT NULL, id int NOT NULL, PRIMARY KEY (id, ts));
CREATE INDEX m2i ON m2 (ts);
ALTER TABLE m ATTACH PARTITION m2 FOR VALUES FROM ('2024-02-01 00:00+00') TO ('2024-03-01 00:00+00');
