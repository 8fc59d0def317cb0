-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'sad');
CREATE TYPE entry AS (at timestamptz, mood mood);
CREATE TYPE mood_range AS RANGE (subtype = mood);
CREATE TABLE diary (id int, good good_mood DEFAULT 'ok', entry entry, entries entry[], span mood_range);
COMMENT ON DOMAIN good_mood IS 'no sadness';
COMMENT ON COLUMN entry.mood IS 'then';
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'sad');
CREATE TYPE entry AS (at timestamptz, mood mood);
CREATE TYPE mood_range AS RANGE (subtype = mood);
CREATE TABLE diary (id int, good good_mood DEFAULT 'ok', entry entry, entries entry[], span mood_range);
COMMENT ON DOMAIN good_mood IS 'no sadness';
COMMENT ON COLUMN entry.mood IS 'then';
