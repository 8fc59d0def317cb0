-- roles: case_owner_a
-- before
-- after
CREATE TYPE e AS ENUM ('a');
ALTER TYPE e OWNER TO case_owner_a;
CREATE TABLE t (id serial PRIMARY KEY, e e);
ALTER TABLE t OWNER TO case_owner_a;
CREATE VIEW v AS SELECT id FROM t;
ALTER VIEW v OWNER TO case_owner_a;
