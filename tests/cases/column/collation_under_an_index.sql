-- before
CREATE TABLE t (id integer PRIMARY KEY, path varchar(255) COLLATE "C" NOT NULL UNIQUE, note text);
CREATE INDEX t_path_like ON t (path varchar_pattern_ops);
-- after
CREATE TABLE t (id integer PRIMARY KEY, path varchar(255) NOT NULL UNIQUE, note text);
CREATE INDEX t_path_like ON t (path varchar_pattern_ops);
-- expect: hazards=locks-readers; no-hazards=rewrites; steps=1
