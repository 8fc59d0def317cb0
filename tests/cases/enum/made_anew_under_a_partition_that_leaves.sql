-- before
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE event (at integer NOT NULL, what mood, also mood) PARTITION BY LIST (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1, 2);
CREATE TABLE parent (a mood);
CREATE TABLE child () INHERITS (parent);
-- after
CREATE TYPE mood AS ENUM ('ok');
CREATE TABLE event (at integer NOT NULL, what text, also mood) PARTITION BY LIST (at);
CREATE TABLE event_1 (at integer NOT NULL, what text, also mood);
CREATE TABLE parent (a mood);
CREATE TABLE child (a mood);
