-- before
CREATE FUNCTION public.z() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.z();
-- after
CREATE FUNCTION public.z() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
CREATE FUNCTION public.zz() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.zz();
