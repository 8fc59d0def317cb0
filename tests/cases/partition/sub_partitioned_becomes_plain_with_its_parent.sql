-- before
CREATE TABLE event (at integer NOT NULL, what text, CONSTRAINT event_key PRIMARY KEY (at)) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (40) PARTITION BY LIST (at);
CREATE TABLE event_1_a PARTITION OF event_1 DEFAULT;
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (50) TO (MAXVALUE);
-- after
CREATE TABLE event (at integer NOT NULL, what text, CONSTRAINT event_key PRIMARY KEY (at));
CREATE TABLE event_1 (at integer NOT NULL, what text);
