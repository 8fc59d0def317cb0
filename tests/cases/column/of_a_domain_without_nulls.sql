-- A new column of such a domain holds no null at any moment: full tables refuse it unless there is a default.
-- expect: hazards=may-fail,rewrites
-- before
CREATE DOMAIN key AS text NOT NULL CHECK (value <> '');
CREATE TABLE t (a int);
-- after
CREATE DOMAIN key AS text NOT NULL CHECK (value <> '');
CREATE DOMAIN long_key AS key CHECK (length(value) > 3);
CREATE TABLE t (a int, b key, c long_key);
