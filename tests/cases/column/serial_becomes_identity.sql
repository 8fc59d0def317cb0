-- before
CREATE TABLE t (id integer PRIMARY KEY, a serial);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a int NOT NULL GENERATED ALWAYS AS IDENTITY);
