-- before
CREATE TABLE t (a int, b text);
-- after
CREATE OPERATOR CLASS coarse FOR TYPE int USING brin AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 brin_minmax_opcinfo(internal), FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 brin_minmax_consistent(internal, internal, internal), FUNCTION 4 brin_minmax_union(internal, internal, internal);
CREATE FUNCTION short(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1)';
CREATE OPERATOR CLASS by_length FOR TYPE text USING hash AS OPERATOR 1 =, FUNCTION 1 short(text);
CREATE OPERATOR CLASS empty FOR TYPE text USING hash FAMILY by_length AS STORAGE text;
CREATE TABLE t (a int, b text);
CREATE INDEX i ON t USING brin (a coarse);
CREATE INDEX h ON t USING hash (b by_length);
CREATE TABLE parted (k text) PARTITION BY HASH (k by_length);
