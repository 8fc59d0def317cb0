-- before
CREATE TYPE addr AS (street text, zip text);
-- after
CREATE TYPE addr AS (street text, zip text);
CREATE TABLE places OF addr (zip NOT NULL, PRIMARY KEY (street));
