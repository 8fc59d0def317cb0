-- before
CREATE TABLE p (id int, n int);
CREATE TABLE c () INHERITS (p);
-- after
CREATE TABLE p (id int, n int);
CREATE TABLE c () INHERITS (p);
ALTER TABLE c ALTER n SET NOT NULL;
