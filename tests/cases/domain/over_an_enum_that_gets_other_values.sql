-- before
CREATE TYPE rainbow AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN rgb AS rainbow CHECK (VALUE IN ('red', 'green', 'blue'));
CREATE TABLE paint (id int PRIMARY KEY, colour rgb DEFAULT 'green', other rainbow);
-- after
CREATE TYPE rainbow AS ENUM ('crimson', 'green', 'blue');
CREATE DOMAIN rgb AS rainbow CHECK (VALUE IN ('crimson', 'green', 'blue'));
CREATE TABLE paint (id int PRIMARY KEY, colour rgb DEFAULT 'green', other rainbow);
