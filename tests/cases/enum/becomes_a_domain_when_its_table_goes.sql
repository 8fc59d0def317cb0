-- before
CREATE TYPE answer AS ENUM ('n', 'y');
CREATE TABLE goes (id int PRIMARY KEY, a answer);
CREATE TABLE stays (id int PRIMARY KEY, a answer, b answer);
-- after
CREATE TYPE answer_t AS ENUM ('n', 'y');
CREATE DOMAIN answer AS answer_t DEFAULT 'n';
CREATE TABLE stays (id int PRIMARY KEY, a answer);
