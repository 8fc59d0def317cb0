-- before
CREATE FUNCTION fresh() RETURNS text LANGUAGE sql AS $$ SELECT 'a' || random()::text $$;
CREATE TABLE t (id integer, old_name text DEFAULT fresh());
CREATE INDEX t_name ON t (lower(old_name));
-- after
CREATE FUNCTION fresh() RETURNS text LANGUAGE sql AS $$ SELECT 'b' || random()::text $$;
CREATE TABLE t (id integer, new_name text DEFAULT fresh());
CREATE INDEX t_name ON t (lower(new_name));
