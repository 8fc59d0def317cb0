-- before
CREATE TABLE m (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL);
-- after
CREATE TABLE m (id bigserial, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- expect: hazards=rewrites,may-fail
