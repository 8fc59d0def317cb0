-- roles: case_Odd_Role
-- before
CREATE TABLE public."select" ("User" int, "a%{b}" text);
-- after
CREATE TABLE public."select" ("User" int, "a%{b}" text);
CREATE POLICY "Po ""licy" ON public."select" TO "case_Odd_Role" USING ("a%{b}" = 'it''s \ {}');
COMMENT ON POLICY "Po ""licy" ON public."select" IS 'odd';
