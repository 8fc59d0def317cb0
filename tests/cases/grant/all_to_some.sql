-- roles: case_grant_a
-- before
CREATE TABLE "Odd Table" (id int);
GRANT ALL ON "Odd Table" TO case_grant_a WITH GRANT OPTION;
-- after
CREATE TABLE "Odd Table" (id int);
GRANT SELECT, DELETE ON "Odd Table" TO case_grant_a;
