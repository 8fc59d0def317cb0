-- roles: case_dp_maker case_dp_reader
-- before
CREATE SCHEMA app;
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker IN SCHEMA app GRANT SELECT ON TABLES TO case_dp_reader;
-- after
