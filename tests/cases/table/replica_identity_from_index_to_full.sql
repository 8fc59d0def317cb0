-- before
CREATE TABLE item (id integer, CONSTRAINT item_key PRIMARY KEY (id));
ALTER TABLE item REPLICA IDENTITY USING INDEX item_key;
-- after
CREATE TABLE item (id integer NOT NULL, CONSTRAINT item_key UNIQUE (id));
ALTER TABLE item REPLICA IDENTITY FULL;
