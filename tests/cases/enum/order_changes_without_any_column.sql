-- before
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE FUNCTION f(m mood) RETURNS text LANGUAGE sql AS 'SELECT m::text';
-- after
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE FUNCTION f(m mood) RETURNS text LANGUAGE sql AS 'SELECT m::text';
-- expect: hazards=replaces-enum
