-- before
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE "select" (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE a, b;
-- after
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE "select" (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE b, "select";
-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.a
