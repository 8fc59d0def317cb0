-- before
CREATE TABLE item (id integer, gone text, size integer DEFAULT 1);
CREATE TABLE special (extra text) INHERITS (item);
-- after
CREATE TABLE item (id integer, cost numeric, size bigint DEFAULT 2, CONSTRAINT item_check CHECK (id > 0));
CREATE TABLE special (id integer, size integer DEFAULT 1, extra text);
