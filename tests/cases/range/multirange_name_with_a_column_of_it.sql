-- since: 14
-- expect: no-hazards=rewrites
-- before
CREATE TYPE spans AS RANGE (subtype = float8);
CREATE TABLE t (s spans, m spans_multirange DEFAULT '{}'::spans_multirange, ms spans_multirange[]);
CREATE VIEW v AS SELECT m FROM t WHERE m <> '{}'::spans_multirange;
CREATE FUNCTION f(spans_multirange) RETURNS spans_multirange LANGUAGE sql AS 'SELECT $1';
-- after
CREATE TYPE spans AS RANGE (subtype = float8, multirange_type_name = "Many Spans");
CREATE TABLE t (s spans, m "Many Spans" DEFAULT '{}'::"Many Spans", ms "Many Spans"[]);
CREATE VIEW v AS SELECT m FROM t WHERE m <> '{}'::"Many Spans";
CREATE FUNCTION f("Many Spans") RETURNS "Many Spans" LANGUAGE sql AS 'SELECT $1';
