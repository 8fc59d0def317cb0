-- before
CREATE FUNCTION public.z() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.z();
-- after
