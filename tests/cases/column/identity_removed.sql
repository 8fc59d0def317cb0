-- before
CREATE TABLE t (id integer PRIMARY KEY, a int GENERATED ALWAYS AS IDENTITY);
-- after
CREATE TABLE t (id integer PRIMARY KEY, a int NOT NULL);
