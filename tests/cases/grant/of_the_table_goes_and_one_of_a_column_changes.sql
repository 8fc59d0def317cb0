-- before
CREATE TABLE item (id integer, name text);
GRANT SELECT, DELETE ON item TO reader;
GRANT SELECT (name), UPDATE (name) ON item TO reader;
-- after
CREATE TABLE item (id integer, name text);
GRANT DELETE ON item TO reader;
GRANT SELECT (name), INSERT (name) ON item TO reader;
-- roles: reader
