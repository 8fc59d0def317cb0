-- before
CREATE TABLE note (id uuid, body text);
-- after
CREATE TABLE note (id bigserial, body text);
ALTER TABLE note OWNER TO writer;
-- roles: writer
