-- before
CREATE TYPE mood AS ENUM ('good');
CREATE TABLE event (at integer NOT NULL, what mood);
-- after
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE TABLE event (at integer NOT NULL, what mood) PARTITION BY LIST (what);
CREATE TABLE event_1 PARTITION OF event DEFAULT;
