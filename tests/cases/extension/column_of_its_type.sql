-- before
-- after
CREATE EXTENSION citext;
CREATE TABLE accounts (email citext PRIMARY KEY, aliases citext[]);
