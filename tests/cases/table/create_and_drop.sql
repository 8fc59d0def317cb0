-- before
CREATE TABLE old (id int PRIMARY KEY, b text DEFAULT 'x');
-- after
CREATE TABLE new (id int PRIMARY KEY, c numeric(5,2) NOT NULL);
-- expect: hazards=deletes-data
