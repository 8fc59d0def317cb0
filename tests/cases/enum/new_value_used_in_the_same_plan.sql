-- before
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood mood DEFAULT 'ok');
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE days (id int, mood mood DEFAULT 'happy', CHECK (mood <> 'happy' OR id > 0));
CREATE INDEX happy_days ON days (id) WHERE mood = 'happy';
CREATE VIEW happy AS SELECT id FROM days WHERE mood = 'happy';
