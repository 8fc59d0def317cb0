-- expect: repeatable=no
-- rename: public.old=named
-- before
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no changes here'; END $$;
CREATE TABLE gone (a integer);
CREATE TABLE old (a integer);
CREATE TABLE t (a integer, b integer);
CREATE EVENT TRIGGER later ON ddl_command_start EXECUTE FUNCTION refuse();
ALTER EVENT TRIGGER later DISABLE;
COMMENT ON EVENT TRIGGER later IS 'not yet';
-- after
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no changes here'; END $$;
CREATE TABLE t (a bigint);
CREATE TABLE new (a integer);
CREATE TABLE named (a integer);
COMMENT ON TABLE t IS 'kept';
GRANT SELECT ON t TO PUBLIC;
CREATE EVENT TRIGGER keep ON ddl_command_start EXECUTE FUNCTION refuse();
COMMENT ON EVENT TRIGGER keep IS 'from now on';
CREATE EVENT TRIGGER later ON ddl_command_start EXECUTE FUNCTION refuse();
COMMENT ON EVENT TRIGGER later IS 'now';
