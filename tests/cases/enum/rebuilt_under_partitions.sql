-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE days (id int, mood mood DEFAULT 'ok') PARTITION BY RANGE (id);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (10);
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (10) TO (20);
CREATE INDEX ON days (mood);
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood mood DEFAULT 'ok') PARTITION BY RANGE (id);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (10);
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (10) TO (20);
CREATE INDEX ON days (mood);
