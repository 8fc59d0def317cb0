-- before
CREATE TABLE language (code varchar(255) PRIMARY KEY);
CREATE TABLE entry (id integer, code varchar(255) REFERENCES language);
-- after
CREATE TABLE language (code varchar PRIMARY KEY);
CREATE TABLE entry (id integer, code varchar REFERENCES language);
