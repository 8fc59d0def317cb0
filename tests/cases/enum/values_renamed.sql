-- before
CREATE TYPE mood AS ENUM ('sad', 'so so', 'glad');
CREATE TABLE t (m mood DEFAULT 'so so' CHECK (m <> 'sad'), ms mood[]) PARTITION BY LIST (m);
CREATE TABLE glad PARTITION OF t FOR VALUES IN ('glad');
CREATE VIEW v AS SELECT * FROM t WHERE m = 'glad';
CREATE INDEX i ON t (m) WHERE m = 'glad';
-- after
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE TABLE t (m mood DEFAULT 'it''s ok' CHECK (m <> 'sad'), ms mood[]) PARTITION BY LIST (m);
CREATE TABLE glad PARTITION OF t FOR VALUES IN ('happy');
CREATE VIEW v AS SELECT * FROM t WHERE m = 'happy';
CREATE INDEX i ON t (m) WHERE m = 'happy';
-- rename: public.mood.glad=happy
-- rename: public.mood.so so=it's ok
-- expect: hazards=breaks-code
