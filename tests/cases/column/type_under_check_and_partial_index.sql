-- before
CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0));
CREATE INDEX ta ON t (id) WHERE a > 5;
-- after
CREATE TABLE t (id int PRIMARY KEY, a text CHECK (a > '0'));
CREATE INDEX ta ON t (id) WHERE a > '5';
