-- before
CREATE TYPE old AS (a int);
-- after
CREATE TYPE "Fresh One" AS ("select" int, "a b" text COLLATE "C", many numeric(10,2)[]);
CREATE TYPE nothing AS ();
