-- before
CREATE SCHEMA "My Schema";
-- after
CREATE SCHEMA "My Schema";
CREATE TYPE "My Schema"."Od(d AS ""x" AS (a int);
CREATE FUNCTION "My Schema"."We ird"("My Schema"."Od(d AS ""x") RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '%' $$;
CREATE CAST ("My Schema"."Od(d AS ""x" AS text) WITH FUNCTION "My Schema"."We ird"("My Schema"."Od(d AS ""x") AS IMPLICIT;
COMMENT ON CAST ("My Schema"."Od(d AS ""x" AS text) IS 'odd';
