-- before
-- after
CREATE TYPE floatrange AS RANGE (subtype = float8);
CREATE TYPE "price ""Range""" AS RANGE (subtype = numeric);
