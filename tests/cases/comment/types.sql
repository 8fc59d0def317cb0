-- before
CREATE TYPE e AS ENUM ('a');
CREATE TYPE c AS (a int);
CREATE DOMAIN d AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TYPE r AS RANGE (subtype = float8);
CREATE COLLATION o (provider = libc, locale = 'C');
CREATE SEQUENCE q;
CREATE SCHEMA "Sch";
CREATE PUBLICATION p;
-- after
CREATE TYPE e AS ENUM ('a');
CREATE TYPE c AS (a int);
CREATE DOMAIN d AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TYPE r AS RANGE (subtype = float8);
CREATE COLLATION o (provider = libc, locale = 'C');
CREATE SEQUENCE q;
CREATE SCHEMA "Sch";
CREATE PUBLICATION p;
COMMENT ON TYPE e IS 'enum';
COMMENT ON TYPE c IS 'composite';
COMMENT ON COLUMN c.a IS 'attribute';
COMMENT ON DOMAIN d IS 'domain';
COMMENT ON CONSTRAINT positive ON DOMAIN d IS 'domain check';
COMMENT ON TYPE r IS 'range';
COMMENT ON COLLATION o IS 'collation';
COMMENT ON SEQUENCE q IS 'sequence';
COMMENT ON SCHEMA "Sch" IS 'schema';
COMMENT ON PUBLICATION p IS 'publication';
