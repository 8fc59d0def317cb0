-- expect: no-hazards=rewrites
-- since: 14
-- before
CREATE TYPE spans AS RANGE (subtype = float8);
CREATE TABLE t (s spans);
-- after
CREATE TYPE spans AS RANGE (subtype = float8, multirange_type_name = "Many Spans");
CREATE TABLE t (s spans);
