-- since: 14
-- before
CREATE TYPE span AS RANGE (subtype = int);
CREATE TABLE t (m span_multirange DEFAULT '{}');
-- after
CREATE TYPE span AS RANGE (subtype = numeric);
CREATE TABLE t (m span_multirange DEFAULT '{}');
