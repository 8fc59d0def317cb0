-- roles: case_schema_owner
-- before
-- after
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO case_schema_owner;
COMMENT ON SCHEMA public IS 'ours';
