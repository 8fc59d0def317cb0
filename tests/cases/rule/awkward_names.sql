-- before
CREATE TABLE public."group" ("User" int, "a%{b}" text);
-- after
CREATE TABLE public."group" ("User" int, "a%{b}" text);
CREATE RULE "CREATE RULE ""x" AS ON UPDATE TO public."group" WHERE OLD."a%{b}" = 'it''s' DO INSTEAD NOTHING;
COMMENT ON RULE "CREATE RULE ""x" ON public."group" IS 'odd';
