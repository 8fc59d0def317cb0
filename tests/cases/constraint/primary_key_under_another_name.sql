-- The new index is built while the old key still holds; both change hands in one transaction.
-- before
CREATE TABLE t (id int NOT NULL, org int NOT NULL, CONSTRAINT t_pkey PRIMARY KEY (id));
-- after
CREATE TABLE t (id int NOT NULL, org int NOT NULL, CONSTRAINT t_pk PRIMARY KEY (org, id));
