-- defect: a default, its sequence and a new identity of one column wait for each other
-- before
CREATE TABLE t (a integer, b serial);
-- after
CREATE SEQUENCE s;
CREATE TABLE t (a integer DEFAULT nextval('s'), b integer DEFAULT nextval('s'));
