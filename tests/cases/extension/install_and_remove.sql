-- before
CREATE EXTENSION citext;
-- after
CREATE EXTENSION pgcrypto;
