-- before
CREATE TABLE t (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a + 1) STORED);
CREATE INDEX tg ON t (g);
-- after
CREATE TABLE t (id int PRIMARY KEY, a bigint, g bigint GENERATED ALWAYS AS (a + 1) STORED);
CREATE INDEX tg ON t (g);
