-- before
CREATE SCHEMA old;
-- after
CREATE SCHEMA fresh;
