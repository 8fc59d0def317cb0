-- before
-- after
CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');
CREATE TABLE names (name text COLLATE german);
CREATE INDEX names_name ON names (name);
