-- expect: hazards=may-fail; no-hazards=deletes-data
-- before
CREATE DOMAIN note AS varchar(20);
CREATE DOMAIN remark AS text;
CREATE TABLE t (a varchar(10), b note, c varchar(30));
-- after
CREATE DOMAIN note AS varchar(20);
CREATE DOMAIN remark AS text;
CREATE TABLE t (a note, b remark, c note);
