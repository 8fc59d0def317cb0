-- roles: case_dp_maker case_dp_reader
-- before
CREATE SCHEMA "App";
-- after
CREATE SCHEMA "App";
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker IN SCHEMA "App" GRANT SELECT ON TABLES TO case_dp_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker IN SCHEMA "App" GRANT USAGE ON SEQUENCES TO case_dp_reader WITH GRANT OPTION;
