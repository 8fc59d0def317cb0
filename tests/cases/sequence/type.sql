-- before
CREATE SEQUENCE s AS smallint;
-- after
CREATE SEQUENCE s AS bigint;
