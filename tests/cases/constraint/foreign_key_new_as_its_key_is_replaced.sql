-- before
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE q (a int PRIMARY KEY, b int NOT NULL);
CREATE TABLE t (a int, b int);
-- after
CREATE TABLE p (id int NOT NULL UNIQUE);
CREATE TABLE q (a int UNIQUE NOT NULL, b int PRIMARY KEY);
CREATE TABLE t (a int REFERENCES p (id), b int REFERENCES q (a));
