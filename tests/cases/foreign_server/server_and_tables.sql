-- roles: far_reader
-- before
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a', port '5432');
CREATE FOREIGN TABLE f (id integer OPTIONS (column_name 'Id'), n text) SERVER far OPTIONS (table_name 'x', fetch_size '10');
CREATE SERVER gone TYPE 'old' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE moves (id integer) SERVER gone;
-- after
CREATE EXTENSION postgres_fdw;
CREATE SERVER far VERSION '2' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'b', dbname 'it''s');
COMMENT ON SERVER far IS 'far away';
ALTER SERVER far OWNER TO far_reader;
GRANT USAGE ON FOREIGN SERVER far TO PUBLIC;
CREATE FOREIGN TABLE f (id bigint, n text OPTIONS (column_name 'N')) SERVER far OPTIONS (table_name 'y', schema_name 's');
CREATE SERVER "New" FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE moves (id integer) SERVER "New";
