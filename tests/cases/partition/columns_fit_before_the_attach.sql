-- before
CREATE TABLE p (id int NOT NULL, at date, n text DEFAULT 'x', CHECK (id > 0)) PARTITION BY RANGE (at);
CREATE TABLE q (id bigint, at date);
CREATE TABLE r (id int NOT NULL, at date, n text DEFAULT 'x', CONSTRAINT p_id_check CHECK (id > 0));
-- after
CREATE TABLE p (id int NOT NULL, at date, n text DEFAULT 'x', CHECK (id > 0)) PARTITION BY RANGE (at);
CREATE TABLE q PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE r PARTITION OF p DEFAULT;
