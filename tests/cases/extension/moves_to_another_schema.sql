-- before
CREATE EXTENSION citext;
CREATE TABLE t (name citext);
-- after
CREATE SCHEMA "Ext Here";
CREATE EXTENSION citext WITH SCHEMA "Ext Here";
CREATE TABLE t (name "Ext Here".citext);
-- expect: hazards=breaks-code
