-- before
CREATE TABLE events (kind text, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
-- after
CREATE TABLE events (kind text, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE INDEX events_1_kind_idx ON events_1 USING hash (kind);
CREATE INDEX a_kind ON events (kind);
CREATE TABLE others (kind text, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE others_1 PARTITION OF others FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE INDEX others_1_kind_idx ON others_1 USING hash (kind);
CREATE INDEX others_kind ON others (kind);
