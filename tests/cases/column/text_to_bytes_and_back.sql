-- before
CREATE TABLE t (id integer PRIMARY KEY, a text DEFAULT 'x', b varchar(9), c integer, d bytea);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a bytea DEFAULT '\x78', b bytea, c bytea, d text);
-- expect: hazards=rewrites,may-fail
