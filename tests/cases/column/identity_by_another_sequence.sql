-- An identity whose sequence has another name than PostgreSQL would give it leaves that name to a serial.
-- before
CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME jobs_id_seq1) PRIMARY KEY, a text);
-- after
CREATE TABLE jobs (id bigserial PRIMARY KEY, a text);
