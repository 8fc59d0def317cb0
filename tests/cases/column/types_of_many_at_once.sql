-- before
CREATE TABLE t (
    id integer PRIMARY KEY, a integer DEFAULT 1, b integer NOT NULL DEFAULT 2, c varchar(20) DEFAULT 'c',
    d date DEFAULT '2026-01-01', e real, kept text, twice integer GENERATED ALWAYS AS (2 * a) STORED
);
CREATE INDEX t_a_b ON t (a, b);
CREATE INDEX t_d ON t (d) WHERE b > 1;
ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0);
CREATE VIEW v AS SELECT id, a, b FROM t;
CREATE VIEW w AS SELECT d, e FROM t WHERE b > 0;
COMMENT ON VIEW v IS 'some';
-- after
CREATE TABLE t (
    id integer PRIMARY KEY, a bigint DEFAULT 1, b bigint DEFAULT 3, c varchar(10) NOT NULL DEFAULT 'c',
    d timestamp DEFAULT '2026-01-01', e double precision, kept text,
    twice bigint GENERATED ALWAYS AS (2 * a) STORED, f uuid DEFAULT gen_random_uuid()
);
CREATE INDEX t_a_b ON t (a, b);
CREATE INDEX t_d ON t (d) WHERE b > 1;
ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0);
CREATE VIEW v AS SELECT id, a, b FROM t;
CREATE VIEW w AS SELECT d, e FROM t WHERE b > 0;
COMMENT ON VIEW v IS 'some';
