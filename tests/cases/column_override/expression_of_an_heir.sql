-- since: 17
-- before
CREATE TABLE p (id int, n int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE c () INHERITS (p);
-- after
CREATE TABLE p (id int, n int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE c (n int GENERATED ALWAYS AS (id * 3) STORED) INHERITS (p);
