-- before
CREATE SCHEMA "My Schema";
-- after
CREATE SCHEMA "My Schema";
CREATE FUNCTION "My Schema"."We ""ird"() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER "select {%s}" ON sql_drop EXECUTE FUNCTION "My Schema"."We ""ird"();
COMMENT ON EVENT TRIGGER "select {%s}" IS 'odd';
