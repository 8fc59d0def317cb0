-- before
CREATE TABLE public."group" ("User" int PRIMARY KEY, "per%cent" text);
CREATE MATERIALIZED VIEW public."Weird ""M" AS SELECT "User" FROM public."group";
CREATE INDEX "Weird ""I" ON public."Weird ""M" ("User");
-- after
CREATE TABLE public."group" ("User" int PRIMARY KEY, "per%cent" text);
CREATE MATERIALIZED VIEW public."Weird ""M" AS SELECT "User", "per%cent" || '{x}%s' AS "end" FROM public."group";
CREATE INDEX "Weird ""I" ON public."Weird ""M" ("User", "end");
