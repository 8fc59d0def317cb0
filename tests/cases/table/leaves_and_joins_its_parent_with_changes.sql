-- before
CREATE TABLE p (id int NOT NULL, n text DEFAULT 'a', CHECK (id > 0));
CREATE TABLE k (extra int) INHERITS (p);
CREATE TABLE k2 (n text DEFAULT 'b') INHERITS (p);
CREATE VIEW v AS SELECT * FROM k;
-- after
CREATE TABLE p (id bigint, n varchar(10) DEFAULT 'c', z int NOT NULL DEFAULT 1, CHECK (id > 1));
CREATE TABLE k (extra int, z int NOT NULL DEFAULT 5) INHERITS (p);
CREATE TABLE k2 (id bigint, n text);
CREATE VIEW v AS SELECT * FROM k;
