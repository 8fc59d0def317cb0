-- before
CREATE TYPE code AS ENUM ('a', 'b', 'c');
CREATE TABLE codes (code code PRIMARY KEY);
CREATE TABLE uses (id int, code code REFERENCES codes);
-- after
CREATE TYPE code AS ENUM ('b', 'a');
CREATE TABLE codes (code code PRIMARY KEY);
CREATE TABLE uses (id int, code code REFERENCES codes);
