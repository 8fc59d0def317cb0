-- before
CREATE TABLE t (id integer, n integer, s varchar(20));
-- after
CREATE TABLE t (
    id integer,
    n integer,
    s varchar(20) DEFAULT ('a'::varchar || 'b'),
    g boolean GENERATED ALWAYS AS (s IN ('a', 'b') AND n BETWEEN 1 AND 2 AND id > 0) STORED,
    CONSTRAINT c CHECK (s IN ('a', 'b') AND n BETWEEN 1 AND 2 AND id > 0)
);
CREATE INDEX i ON t (n) WHERE s IN ('a', 'b') AND n BETWEEN 1 AND 2 AND id > 0;
