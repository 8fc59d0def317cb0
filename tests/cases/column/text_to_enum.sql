-- before
CREATE TYPE e AS ENUM ('x', 'y');
CREATE TABLE t (id integer PRIMARY KEY, a text DEFAULT 'x');
-- after
CREATE TYPE e AS ENUM ('x', 'y');
CREATE TABLE t (id integer PRIMARY KEY, a e DEFAULT 'x');
-- expect: hazards=rewrites
