-- before
CREATE TABLE t (
    id integer PRIMARY KEY, a integer NOT NULL CHECK (a > 0), b integer NOT NULL,
    g integer GENERATED ALWAYS AS (a + 1) STORED
);
-- after
CREATE TABLE t (
    id bigint PRIMARY KEY, a integer NOT NULL CHECK (a > 0), b bigint NOT NULL,
    g integer GENERATED ALWAYS AS (a + 2) STORED
);
