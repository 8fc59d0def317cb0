-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE days (id int, mood mood NOT NULL DEFAULT 'ok', moods mood[] DEFAULT '{ok,sad}');
-- after
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE days (id int, mood mood NOT NULL DEFAULT 'ok', moods mood[] DEFAULT '{ok,sad}');
-- expect: hazards=replaces-enum,rewrites,may-fail; locks=ACCESS EXCLUSIVE on table public.days
