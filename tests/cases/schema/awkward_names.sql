-- before
CREATE SCHEMA "Weird Name";
CREATE TABLE "Weird Name"."select" (id int);
-- after
CREATE SCHEMA "order";
CREATE SCHEMA "with ""quotes""";
CREATE TABLE "with ""quotes"""."a.b" (id int);
-- expect: hazards=deletes-data
