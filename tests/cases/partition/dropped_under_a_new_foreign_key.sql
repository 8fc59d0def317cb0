-- before
CREATE TABLE event (at integer NOT NULL, CONSTRAINT event_key PRIMARY KEY (at)) PARTITION BY LIST (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1, 2);
CREATE TABLE event_rest PARTITION OF event DEFAULT;
CREATE TABLE note (at integer);
-- after
CREATE TABLE event (at integer NOT NULL, CONSTRAINT event_key PRIMARY KEY (at)) PARTITION BY LIST (at);
CREATE TABLE event_rest PARTITION OF event DEFAULT;
CREATE TABLE note (at integer, CONSTRAINT note_event FOREIGN KEY (at) REFERENCES event (at));
