-- before
CREATE TABLE t (id integer PRIMARY KEY, a int DEFAULT 3);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a text DEFAULT 'three');
-- expect: hazards=rewrites; reversible=no
