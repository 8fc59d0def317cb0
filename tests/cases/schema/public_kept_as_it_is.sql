-- before
COMMENT ON SCHEMA public IS 'standard public schema';
-- after
COMMENT ON SCHEMA public IS NULL;
