-- roles: case_schema_owner
-- before
CREATE SCHEMA app;
-- after
CREATE SCHEMA app AUTHORIZATION case_schema_owner;
COMMENT ON SCHEMA app IS 'what the application owns';
