-- before
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c jsonb, ts timestamptz);
CREATE INDEX g ON t USING gin (c jsonb_path_ops);
CREATE INDEX h ON t USING hash (a);
CREATE INDEX br ON t USING brin (ts) WITH (pages_per_range = 32);
