-- before
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."select" ("User" int, "a""b" text, "per%cent" text, "{brace}" text);
CREATE VIEW "My Schema"."Weird ""View" AS SELECT "User", "a""b" FROM "My Schema"."select";
-- after
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."select" ("User" int, "a""b" text, "per%cent" text, "{brace}" text);
CREATE VIEW "My Schema"."Weird ""View" WITH (security_barrier) AS
SELECT "User", "a""b", "per%cent", "{brace}", '%s {} \ ''x''' AS "order" FROM "My Schema"."select";
CREATE VIEW "My Schema"."table" AS SELECT "order" FROM "My Schema"."Weird ""View";
