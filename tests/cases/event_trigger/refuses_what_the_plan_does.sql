-- expect: repeatable=no
-- before
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no changes here'; END $$;
CREATE TABLE t (a integer);
-- after
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no changes here'; END $$;
CREATE TABLE t (a integer);
CREATE TABLE u (a integer);
CREATE EVENT TRIGGER keep ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION refuse();
-- expect: reversible=no
