-- before
CREATE TABLE t (id integer PRIMARY KEY, a timestamptz DEFAULT now());
-- after
CREATE TABLE t (id integer PRIMARY KEY, a timestamptz DEFAULT clock_timestamp());
