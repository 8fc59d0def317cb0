-- before
CREATE TABLE t (id integer PRIMARY KEY, mail varchar(50), gone timestamp);
CREATE UNIQUE INDEX t_mail ON t (mail) WHERE gone IS NULL;
-- after
CREATE TABLE t (id integer PRIMARY KEY, mail text, gone timestamp);
CREATE UNIQUE INDEX t_mail ON t (mail) WHERE gone IS NULL;
-- expect: hazards=locks-readers; no-hazards=rewrites; steps=1
