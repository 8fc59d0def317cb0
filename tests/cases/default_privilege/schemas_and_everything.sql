-- roles: case_dp_maker case_dp_maker2
-- before
-- after
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker GRANT ALL ON SCHEMAS TO case_dp_maker2;
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker GRANT ALL ON TABLES TO case_dp_maker2;
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker GRANT ALL ON FUNCTIONS TO case_dp_maker2;
