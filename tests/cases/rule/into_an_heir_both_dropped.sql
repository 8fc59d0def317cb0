-- before
CREATE TABLE v (id integer);
CREATE TABLE o () INHERITS (v);
CREATE RULE r AS ON INSERT TO v WHERE new.id > 3 DO INSTEAD INSERT INTO o VALUES (new.id);
-- after
