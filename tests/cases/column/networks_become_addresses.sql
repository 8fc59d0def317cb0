-- expect: no-hazards=rewrites
-- before
CREATE TABLE t (id int PRIMARY KEY, a cidr, b cidr[]);
-- after
CREATE TABLE t (id int PRIMARY KEY, a inet, b cidr[]);
