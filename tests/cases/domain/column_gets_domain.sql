-- before
CREATE TABLE t (n int);
-- after
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE t (n positive);
