-- before
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."table" ("User" int, "a{b}%" text);
CREATE FUNCTION "My Schema"."We ird"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- after
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."table" ("User" int, "a{b}%" text);
CREATE FUNCTION "My Schema"."We ird"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "CREATE TRIGGER ""x" BEFORE UPDATE OF "a{b}%", "User" ON "My Schema"."table" FOR EACH ROW
WHEN (OLD."a{b}%" IS DISTINCT FROM NEW."a{b}%") EXECUTE FUNCTION "My Schema"."We ird"('it''s', '%s {}');
ALTER TABLE "My Schema"."table" ENABLE ALWAYS TRIGGER "CREATE TRIGGER ""x";
COMMENT ON TRIGGER "CREATE TRIGGER ""x" ON "My Schema"."table" IS 'odd';
