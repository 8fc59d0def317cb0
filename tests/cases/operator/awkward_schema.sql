-- before
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."Po int" (x int);
-- after
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."Po int" (x int);
CREATE FUNCTION "My Schema"."plus it"("My Schema"."Po int", int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.x + $2';
CREATE OPERATOR "My Schema".+ (FUNCTION = "My Schema"."plus it", LEFTARG = "My Schema"."Po int", RIGHTARG = int);
COMMENT ON OPERATOR "My Schema".+ ("My Schema"."Po int", int) IS 'odd';
