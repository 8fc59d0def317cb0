-- before
CREATE TABLE p (id int, n text);
-- after
CREATE TABLE p (id int, n text DEFAULT 'q');
CREATE TABLE c (extra int) INHERITS (p);
