-- before
CREATE TABLE note (id serial, t text);
CREATE TABLE sub () INHERITS (note);
-- after
CREATE TABLE sub (id integer GENERATED ALWAYS AS IDENTITY, t text);
