-- before
CREATE SCHEMA "My Schema";
CREATE TYPE "My Schema"."Mood, (good)" AS ENUM ('a', 'b');
-- after
CREATE SCHEMA "My Schema";
CREATE TYPE "My Schema"."Mood, (good)" AS ENUM ('a', 'b');
CREATE FUNCTION "My Schema"."We(ird ""f"("select" "My Schema"."Mood, (good)", "b c" text DEFAULT '%s{}') RETURNS text
LANGUAGE sql AS $body$ SELECT $$it's$$ || "b c" $body$;
COMMENT ON FUNCTION "My Schema"."We(ird ""f"("My Schema"."Mood, (good)", text) IS 'odd';
CREATE PROCEDURE public."end"() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
