-- before
CREATE TABLE item (id integer);
GRANT ALL ON item TO writer WITH GRANT OPTION;
-- after
CREATE TABLE item (id integer, name text);
GRANT SELECT (id, name), UPDATE (name) ON item TO reader, writer;
-- roles: reader writer
