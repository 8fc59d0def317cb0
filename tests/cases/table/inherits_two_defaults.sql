-- before
CREATE TABLE a (id int DEFAULT 1, n text);
CREATE TABLE b (id int DEFAULT 2, m text);
-- after
CREATE TABLE a (id int DEFAULT 1, n text);
CREATE TABLE b (id int DEFAULT 2, m text);
CREATE TABLE c (id int DEFAULT 3) INHERITS (a, b);
