-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE days (id int, mood mood, other mood, gone mood);
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood text, other mood);
-- expect: reversible=no
