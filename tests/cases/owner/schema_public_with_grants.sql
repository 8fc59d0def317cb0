-- roles: case_owner_a
-- before
GRANT USAGE, CREATE ON SCHEMA public TO case_owner_a;
-- after
ALTER SCHEMA public OWNER TO case_owner_a;
