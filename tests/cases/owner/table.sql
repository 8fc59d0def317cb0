-- roles: case_owner_a case_owner_b
-- before
CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
ALTER TABLE t OWNER TO case_owner_a;
-- after
CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
ALTER TABLE t OWNER TO case_owner_b;
-- expect: hazards=changes-access; locks=ACCESS EXCLUSIVE on table public.t
