-- before
CREATE TABLE t (a text STORAGE EXTERNAL, b text COMPRESSION pglz, c int) WITH (fillfactor = 70, autovacuum_enabled = false);
ALTER TABLE t ALTER a SET STATISTICS 100; ALTER TABLE t ALTER c SET (n_distinct = 5);
CREATE INDEX i ON t USING btree (a text_pattern_ops DESC NULLS LAST, lower(b)) INCLUDE (c) WITH (fillfactor = 50) WHERE c > 0;
CREATE STATISTICS st (dependencies, ndistinct) ON a, c FROM t;

-- after
CREATE TABLE t (a text STORAGE MAIN, b text COMPRESSION pglz, c bigint, d text COLLATE "C") WITH (fillfactor = 80, toast.autovacuum_enabled = false);
CREATE INDEX i ON t USING btree (a COLLATE "C" text_pattern_ops, lower(b)) INCLUDE (c, d) WHERE c > 1;
CREATE INDEX h ON t USING hash (d); CREATE INDEX b ON t USING brin (c) WITH (pages_per_range = 16);
CREATE STATISTICS st (mcv) ON a, c, (lower(b)) FROM t;
ALTER TABLE t REPLICA IDENTITY FULL;
