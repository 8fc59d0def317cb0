-- roles: case_dp_maker case_dp_reader
-- before
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker GRANT SELECT ON TABLES TO case_dp_reader;
-- after
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker GRANT INSERT, UPDATE ON TABLES TO case_dp_reader;
-- expect: hazards=loses-privileges
