-- before
CREATE TYPE amount AS (value numeric, currency text);
CREATE FUNCTION times(amount, numeric) RETURNS amount LANGUAGE sql IMMUTABLE RETURN ROW($1.value * $2, $1.currency)::amount;
CREATE FUNCTION times(numeric, amount) RETURNS amount LANGUAGE sql IMMUTABLE RETURN ROW($2.value * $1, $2.currency)::amount;
CREATE OPERATOR * (FUNCTION = times, LEFTARG = amount, RIGHTARG = numeric, COMMUTATOR = *);
CREATE OPERATOR * (FUNCTION = times, LEFTARG = numeric, RIGHTARG = amount, COMMUTATOR = *);
CREATE TABLE t (a amount, twice numeric CHECK ((a * 2).value < 7));
-- after
CREATE TYPE amount AS (value numeric, currency text);
CREATE FUNCTION times(amount, numeric) RETURNS amount LANGUAGE sql IMMUTABLE RETURN ROW($1.value * $2, $1.currency)::amount;
CREATE OPERATOR * (FUNCTION = times, LEFTARG = amount, RIGHTARG = numeric, COMMUTATOR = *);
CREATE TABLE t (a amount, twice numeric CHECK ((a * 2).value < 7));
