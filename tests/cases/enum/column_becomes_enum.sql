-- before
CREATE TABLE days (id int, mood text DEFAULT 'ok');
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood mood DEFAULT 'ok');
