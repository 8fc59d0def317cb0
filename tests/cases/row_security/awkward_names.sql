-- before
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."sel ""ect" (id int);
-- after
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."sel ""ect" (id int);
ALTER TABLE "My Schema"."sel ""ect" ENABLE ROW LEVEL SECURITY;
