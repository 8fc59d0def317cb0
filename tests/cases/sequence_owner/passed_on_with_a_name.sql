-- before
CREATE TABLE old_log (id integer NOT NULL, CONSTRAINT log_key PRIMARY KEY (id));
CREATE SEQUENCE log_seq AS integer OWNED BY old_log.id;
ALTER TABLE old_log ALTER id SET DEFAULT nextval('log_seq');
-- after
CREATE TABLE new_log (id integer NOT NULL, CONSTRAINT log_key PRIMARY KEY (id));
CREATE SEQUENCE log_seq AS integer OWNED BY new_log.id;
ALTER TABLE new_log ALTER id SET DEFAULT nextval('log_seq');
