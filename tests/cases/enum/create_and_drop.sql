-- before
CREATE TYPE old AS ENUM ('a');
-- after
CREATE TYPE fresh AS ENUM ('a', 'b');
CREATE TYPE nothing AS ENUM ();
