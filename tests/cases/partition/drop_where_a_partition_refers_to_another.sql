-- before
CREATE TABLE a_event (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE a_event_default PARTITION OF a_event DEFAULT;
CREATE TABLE b_ref (id int, event int, at date) PARTITION BY RANGE (at);
CREATE TABLE b_ref_default PARTITION OF b_ref DEFAULT;
ALTER TABLE b_ref_default ADD FOREIGN KEY (event, at) REFERENCES a_event_default;
-- after
