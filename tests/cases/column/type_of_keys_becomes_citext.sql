-- before
CREATE EXTENSION citext;
CREATE TABLE a (name varchar PRIMARY KEY);
CREATE TABLE b (name varchar PRIMARY KEY REFERENCES a);
CREATE TABLE c (name varchar REFERENCES b);
-- after
CREATE EXTENSION citext;
CREATE TABLE a (name citext PRIMARY KEY);
CREATE TABLE b (name citext PRIMARY KEY REFERENCES a);
CREATE TABLE c (name citext REFERENCES b);
