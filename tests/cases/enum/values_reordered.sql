-- before
CREATE TYPE size AS ENUM ('large', 'small', 'medium');
CREATE TABLE shirts (id int PRIMARY KEY, size size, UNIQUE (size, id));
CREATE INDEX ON shirts (size);
-- after
CREATE TYPE size AS ENUM ('small', 'medium', 'large');
CREATE TABLE shirts (id int PRIMARY KEY, size size, UNIQUE (size, id));
CREATE INDEX ON shirts (size);
-- expect: hazards=replaces-enum
