-- before
CREATE TABLE event (at integer PRIMARY KEY, what text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (50);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (50) TO (90);
CREATE TABLE note (at integer REFERENCES event);
-- after
CREATE TABLE event (at integer PRIMARY KEY, what text) PARTITION BY RANGE (at);
CREATE TABLE event_1 (at integer NOT NULL, what text);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (50) TO (95);
CREATE TABLE note (at integer REFERENCES event);
