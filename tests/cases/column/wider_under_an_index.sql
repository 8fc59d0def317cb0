-- before
CREATE TABLE t (id integer PRIMARY KEY, mail varchar(50) UNIQUE, gone timestamp);
CREATE INDEX t_gone ON t (gone) WHERE gone > '2020-01-01';
-- after
CREATE TABLE t (id integer PRIMARY KEY, mail text UNIQUE, gone timestamp);
CREATE INDEX t_gone ON t (gone) WHERE gone > '2020-01-01';
-- expect: no-hazards=locks-readers,rewrites; steps=1
