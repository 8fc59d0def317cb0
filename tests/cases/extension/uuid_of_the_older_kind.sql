-- expect: reversible = no
-- before
CREATE TABLE t (id integer);
-- after
CREATE SCHEMA tools;
CREATE EXTENSION "uuid-ossp" SCHEMA tools;
CREATE TABLE t (id integer, u uuid DEFAULT tools.uuid_generate_v4() NOT NULL);
