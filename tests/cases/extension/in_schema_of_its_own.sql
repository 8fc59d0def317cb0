-- before
-- after
CREATE SCHEMA extensions;
CREATE EXTENSION hstore WITH SCHEMA extensions;
