-- before
CREATE TABLE a (id integer, x varchar(5));
CREATE TABLE b (y integer) INHERITS (a);
CREATE TABLE c (z integer) INHERITS (b);
CREATE VIEW of_c AS SELECT x FROM c;
-- after
CREATE TABLE a (id integer, x text);
CREATE TABLE b (y integer) INHERITS (a);
CREATE TABLE c (z integer) INHERITS (b);
CREATE VIEW of_c AS SELECT x FROM c;
