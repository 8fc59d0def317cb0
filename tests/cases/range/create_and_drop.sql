-- before
CREATE TYPE old AS RANGE (subtype = float8);
-- after
CREATE TYPE "Fresh One" AS RANGE (subtype = float8, subtype_diff = float8mi);
