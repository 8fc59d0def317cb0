-- before
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ADD PRIMARY KEY (a);
-- after
CREATE TABLE t (id integer, a integer NOT NULL, b text, r int4range);
ALTER TABLE t ALTER id SET NOT NULL, ADD PRIMARY KEY (id, a);
