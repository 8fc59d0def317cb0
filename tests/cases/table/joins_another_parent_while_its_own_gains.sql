-- What a parent that stays gains comes to its heir by itself, although that joins another one meanwhile.
-- before
CREATE TABLE g (i int);
CREATE TABLE a (id int) INHERITS (g);
CREATE TABLE b (id int, y text);
CREATE TABLE c (z date) INHERITS (a);
-- after
CREATE TABLE g (i int, w numeric, CONSTRAINT pos CHECK (w > 0));
CREATE TABLE a (id int) INHERITS (g);
CREATE TABLE b (id int, y text, w numeric, CONSTRAINT pos CHECK (w > 0));
CREATE TABLE c (z date) INHERITS (a, b);
