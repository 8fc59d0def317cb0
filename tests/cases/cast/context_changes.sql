-- before
CREATE TYPE public.mood AS ENUM ('a', 'b');
CREATE CAST (varchar AS public.mood) WITH INOUT;
COMMENT ON CAST (varchar AS public.mood) IS 'kept';
-- after
CREATE TYPE public.mood AS ENUM ('a', 'b');
CREATE CAST (varchar AS public.mood) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (varchar AS public.mood) IS 'kept';
