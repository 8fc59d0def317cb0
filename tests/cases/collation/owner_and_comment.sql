-- roles: case_collation_owner
-- before
CREATE COLLATION own (provider = libc, locale = 'C');
-- after
CREATE COLLATION own (provider = libc, locale = 'C');
ALTER COLLATION own OWNER TO case_collation_owner;
COMMENT ON COLLATION own IS 'for names';
