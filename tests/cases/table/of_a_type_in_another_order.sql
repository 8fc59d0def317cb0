-- expect: no-hazards=deletes-data
-- since: 14
-- before
CREATE TYPE ty AS (b text, a int);
CREATE TYPE tz AS (a int, b text, c int, aa int);
CREATE TABLE t (a int PRIMARY KEY, b text);
CREATE TABLE u OF ty (PRIMARY KEY (a));
CREATE TABLE r (t int REFERENCES t, u int REFERENCES u);
CREATE VIEW v AS SELECT t.a, u.b FROM t, u;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM u; END;
-- after
CREATE TYPE ty AS (b text, a int);
CREATE TYPE tz AS (a int, b text, c int, aa int);
CREATE TABLE t OF ty (PRIMARY KEY (a));
CREATE TABLE u OF tz (PRIMARY KEY (a));
CREATE TABLE r (t int REFERENCES t, u int REFERENCES u);
CREATE VIEW v AS SELECT t.a, u.b FROM t, u;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM u; END;
