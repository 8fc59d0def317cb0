-- before
CREATE TABLE t (at timestamptz, d date, "FROM" date);
CREATE VIEW old AS SELECT extract('Month' FROM at) AS m FROM t;
-- after
CREATE TABLE t (at timestamptz, d date, "FROM" date);
CREATE VIEW v AS SELECT extract('YEAR' FROM at) AS y, extract("Day" FROM d) AS d, extract('dow' FROM "FROM") AS w FROM t;
CREATE INDEX i ON t (extract('YEAR' FROM d));
