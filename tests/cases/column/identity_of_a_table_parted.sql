-- An identity becomes a serial of a table that is partitioned at the same time; the way back drops its default.
-- before
CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY, a integer);
-- after
CREATE TABLE jobs (id bigserial, a integer) PARTITION BY RANGE (a);
CREATE TABLE jobs_rest PARTITION OF jobs DEFAULT;
