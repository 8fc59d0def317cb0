-- before
CREATE EXTENSION citext;
-- after
CREATE EXTENSION citext;
COMMENT ON EXTENSION citext IS 'e-mail addresses';
