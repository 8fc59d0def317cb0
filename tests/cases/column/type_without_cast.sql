-- before
CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, data jsonb, kept text);
CREATE TABLE u (t integer REFERENCES t);
-- after
CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), data text[], kept text);
CREATE TABLE u (t uuid REFERENCES t);
-- expect: hazards=may-fail
