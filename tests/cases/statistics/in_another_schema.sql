-- before
CREATE SCHEMA "Stats Here";
CREATE TABLE "select" ("from" int, "a FROM b" int);
-- after
CREATE SCHEMA "Stats Here";
CREATE TABLE "select" ("from" int, "a FROM b" int);
CREATE STATISTICS "Stats Here"."x FROM y" ON "from", "a FROM b" FROM "select";
