-- before
CREATE TABLE keys (id int, salt text);
-- after
CREATE EXTENSION pgcrypto;
CREATE TABLE keys (id int, salt text DEFAULT gen_salt('md5'));
