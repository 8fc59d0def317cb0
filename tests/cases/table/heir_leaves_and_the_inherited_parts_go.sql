-- before
CREATE TABLE item (id integer, gone text, CONSTRAINT item_check CHECK (id > 0));
CREATE TABLE special (extra text) INHERITS (item);
-- after
CREATE TABLE item (id integer);
CREATE TABLE special (id integer, extra text);
