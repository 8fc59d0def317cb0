-- roles: case_dp_maker
-- before
-- after
ALTER DEFAULT PRIVILEGES FOR ROLE case_dp_maker REVOKE TRUNCATE, TRIGGER ON TABLES FROM case_dp_maker;
