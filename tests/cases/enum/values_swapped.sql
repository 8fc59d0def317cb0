-- before
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE t (m mood DEFAULT 'a');
-- after
CREATE TYPE mood AS ENUM ('b', 'a');
CREATE TABLE t (m mood DEFAULT 'b');
-- rename: public.mood.a=b
-- rename: public.mood.b=a
-- expect: hazards=breaks-code
