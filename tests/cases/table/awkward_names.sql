-- before
CREATE TABLE "Weird ""Name" ("select" int PRIMARY KEY, "a b" text);
-- after
CREATE TABLE "Weird ""Name" ("select" int PRIMARY KEY, "a b" text, "Ünï" text DEFAULT 'it''s \ {x} %s');
CREATE INDEX "in dex" ON "Weird ""Name" ("a b", "Ünï");
COMMENT ON COLUMN "Weird ""Name"."a b" IS E'back\\slash and ''quote';
