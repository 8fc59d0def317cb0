-- before
CREATE TABLE p (a int, b int, CONSTRAINT ok CHECK (a > 0));
CREATE TABLE c (b int, CONSTRAINT ok CHECK (a > 0)) INHERITS (p);
-- after
CREATE TABLE p (a int);
CREATE TABLE c () INHERITS (p);
