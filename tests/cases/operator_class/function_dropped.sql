-- before
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION pair_lt(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
CREATE OPERATOR #<# (FUNCTION = pair_lt, LEFTARG = pair, RIGHTARG = pair);
CREATE FUNCTION pair_le(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a <= ($2).a';
CREATE OPERATOR #<=# (FUNCTION = pair_le, LEFTARG = pair, RIGHTARG = pair);
CREATE FUNCTION pair_eq(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
CREATE OPERATOR #=# (FUNCTION = pair_eq, LEFTARG = pair, RIGHTARG = pair);
CREATE FUNCTION pair_ge(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a >= ($2).a';
CREATE OPERATOR #>=# (FUNCTION = pair_ge, LEFTARG = pair, RIGHTARG = pair);
CREATE FUNCTION pair_gt(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a > ($2).a';
CREATE OPERATOR #># (FUNCTION = pair_gt, LEFTARG = pair, RIGHTARG = pair);
CREATE FUNCTION pair_cmp(pair, pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT sign(($1).a - ($2).a)::int';
CREATE OPERATOR CLASS pair_ops FOR TYPE pair USING btree AS
    OPERATOR 1 #<#, OPERATOR 2 #<=#, OPERATOR 3 #=#, OPERATOR 4 #>=#, OPERATOR 5 #>#,
    FUNCTION 1 pair_cmp(pair, pair);
CREATE TABLE t (id int, p pair);
CREATE INDEX i ON t (p pair_ops);
-- after
CREATE TYPE pair AS (a int, b int);
CREATE TABLE t (id int, p pair);
