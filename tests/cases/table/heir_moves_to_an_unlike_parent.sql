-- before
CREATE TABLE p (a int NOT NULL, b text DEFAULT 'p', only_p int, CONSTRAINT pc CHECK (a > 0));
CREATE TABLE q (a int, b varchar(10) DEFAULT 'q', only_q int NOT NULL DEFAULT 4, CONSTRAINT qc CHECK (a > -1));
CREATE TABLE c (own int) INHERITS (p);
-- after
CREATE TABLE p (a int NOT NULL, b text DEFAULT 'p', only_p int, CONSTRAINT pc CHECK (a > 0));
CREATE TABLE q (a int, b varchar(10) DEFAULT 'q', only_q int NOT NULL DEFAULT 4, CONSTRAINT qc CHECK (a > -1));
CREATE TABLE c (own int) INHERITS (q);
