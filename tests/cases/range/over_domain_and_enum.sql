-- before
CREATE TYPE level AS ENUM ('low', 'high');
-- after
CREATE TYPE level AS ENUM ('low', 'middle', 'high');
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TYPE levels AS RANGE (subtype = level);
CREATE TYPE smalls AS RANGE (subtype = small);
CREATE TABLE t (l levels, s smalls);
