-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE days (id int, mood mood, fine boolean GENERATED ALWAYS AS (mood = 'ok') STORED,
    echo mood GENERATED ALWAYS AS (mood) STORED);
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood mood, fine boolean GENERATED ALWAYS AS (mood = 'ok') STORED,
    echo mood GENERATED ALWAYS AS (mood) STORED);
-- since: 12
