-- rename: public.a=public.b
-- rename: public.b=public.a
-- before
CREATE TABLE a (id serial PRIMARY KEY, only_a int);
CREATE TABLE b (id serial PRIMARY KEY, only_b int);
CREATE INDEX a_more ON a (only_a);
CREATE INDEX b_more ON b (only_b);
CREATE VIEW v AS SELECT only_a FROM a;
-- after
CREATE TABLE b (id serial PRIMARY KEY, only_a int);
CREATE TABLE a (id serial PRIMARY KEY, only_b int);
CREATE INDEX b_more ON b (only_a);
CREATE INDEX a_more ON a (only_b);
CREATE VIEW v AS SELECT only_a FROM b;
