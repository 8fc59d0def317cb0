-- roles: case_owner_a
-- before
CREATE TABLE t (id serial);
ALTER TABLE t OWNER TO case_owner_a;
-- after
CREATE SEQUENCE t_id_seq AS int;
CREATE TABLE t (id int NOT NULL DEFAULT nextval('t_id_seq'));
ALTER TABLE t OWNER TO case_owner_a;
ALTER SEQUENCE t_id_seq OWNER TO case_owner_a;
