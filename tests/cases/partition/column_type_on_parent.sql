-- before
CREATE TABLE m (ts timestamptz NOT NULL, id int NOT NULL, v int) PARTITION BY RANGE (ts);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00');
-- after
CREATE TABLE m (ts timestamptz NOT NULL, id int NOT NULL, v bigint) PARTITION BY RANGE (ts);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00');
-- expect: hazards=rewrites
