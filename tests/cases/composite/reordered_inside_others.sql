-- before
CREATE TYPE pair AS (one integer, other text, gone date);
CREATE DOMAIN wrapped AS pair CHECK ((VALUE).one > 0);
CREATE TYPE nested AS (inner_pair pair, many pair[]);
CREATE TABLE t (a pair, b pair[], c nested, d wrapped, e nested[] DEFAULT '{}', "F x" pair[] NOT NULL, g integer);
CREATE VIEW v AS SELECT (c).many AS m FROM t;
-- after
CREATE TYPE pair AS (other text, added numeric, one bigint);
CREATE DOMAIN wrapped AS pair CHECK ((VALUE).one > 0);
CREATE TYPE nested AS (inner_pair pair, many pair[]);
CREATE TABLE t (a pair, b pair[], c nested, d wrapped, e nested[] DEFAULT '{}', "F x" pair[] NOT NULL, g integer);
CREATE VIEW v AS SELECT (c).many AS m FROM t;
-- expect: hazards=deletes-data,rewrites,may-fail
