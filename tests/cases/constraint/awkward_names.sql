-- before
CREATE TABLE "T t" ("I d" int, "select" int);
-- after
CREATE TABLE "T t" ("I d" int, "select" int, CONSTRAINT "p k" PRIMARY KEY ("I d"), CONSTRAINT "c ""k" CHECK ("select" > 0), CONSTRAINT "f k" FOREIGN KEY ("select") REFERENCES "T t");
