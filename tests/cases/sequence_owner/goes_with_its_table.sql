-- A sequence goes with the column that owns it: nothing comes between the other column's default and the drop.
-- expect: steps=2
-- before
CREATE TABLE plan (id serial PRIMARY KEY);
CREATE TABLE payment (id integer DEFAULT nextval('plan_id_seq') PRIMARY KEY);
-- after
CREATE TABLE payment (id integer DEFAULT 1 PRIMARY KEY);
