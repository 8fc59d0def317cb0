-- roles: reader writer
-- before
CREATE DOMAIN word AS text;
CREATE TABLE item (id integer, name word);
CREATE POLICY own ON item FOR SELECT TO reader USING (id > 0);
-- after
CREATE DOMAIN word AS varchar(10);
CREATE TABLE item (id integer, name word);
CREATE POLICY own ON item AS RESTRICTIVE TO writer USING (name <> 'x') WITH CHECK (id > 4);
CREATE VIEW shown AS SELECT name FROM item;
