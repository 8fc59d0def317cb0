-- before
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood mood DEFAULT 'ok');
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE days (id int, mood mood DEFAULT 'ok');
