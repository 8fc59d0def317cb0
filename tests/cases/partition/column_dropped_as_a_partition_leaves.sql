-- before
CREATE TABLE event (at bigint NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (50);
-- after
CREATE TABLE event (at bigint NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_1 (at bigint NOT NULL, what text);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (50) TO (MAXVALUE);
-- expect: hazards=deletes-data,breaks-code
