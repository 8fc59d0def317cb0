-- before
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);
-- after
CREATE TABLE p (id text PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p text REFERENCES p);
