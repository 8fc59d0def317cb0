-- before
CREATE TYPE amount AS (value numeric, currency text);
CREATE FUNCTION more(amount, numeric) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1.value > $2;
CREATE FUNCTION not_more(amount, numeric) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1.value <= $2;
CREATE OPERATOR > (FUNCTION = more, LEFTARG = amount, RIGHTARG = numeric, COMMUTATOR = <, NEGATOR = <=);
CREATE OPERATOR !> (FUNCTION = not_more, LEFTARG = amount, RIGHTARG = numeric, COMMUTATOR = !<);
-- after
CREATE TABLE t (id int);
