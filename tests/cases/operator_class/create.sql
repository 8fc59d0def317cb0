-- roles: sorter
-- before
CREATE TABLE t (id int);
-- after
CREATE SCHEMA s;
SET search_path = s;
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
CREATE OPERATOR CLASS "Order by a" FOR TYPE pair USING btree AS
    OPERATOR 1 #<#, OPERATOR 2 #<=#, OPERATOR 3 #=#, OPERATOR 4 #>=#, OPERATOR 5 #>#,
    FUNCTION 1 pair_cmp(pair, pair);
COMMENT ON OPERATOR CLASS "Order by a" USING btree IS 'by the first number';
COMMENT ON OPERATOR FAMILY "Order by a" USING btree IS 'made with its class';
ALTER OPERATOR CLASS "Order by a" USING btree OWNER TO sorter;
CREATE TABLE public.t (id int, p pair);
CREATE INDEX i ON public.t (p "Order by a" DESC);
