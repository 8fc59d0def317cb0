-- expect: no-hazards=deletes-data
-- expect: no-hazards=rewrites
-- before
CREATE TABLE t (id integer PRIMARY KEY);
CREATE TABLE h () INHERITS (t);
CREATE TABLE log (at timestamptz, old t, new t, heirs h[]);
-- after
CREATE TABLE t (
    id integer PRIMARY KEY, state text NOT NULL DEFAULT 'new', at timestamptz DEFAULT clock_timestamp()
);
CREATE TABLE h () INHERITS (t);
CREATE TABLE log (at timestamptz, old t, new t, heirs h[]);
