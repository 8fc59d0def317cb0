-- Defaults of columns of tables in the given schemas (generation expressions belong to the column).
-- A default that an inherited column has from its parent is marked derived; where parents disagree, it is its own.
-- DEFAULT NULL of a sized type is kept by PostgreSQL and says nothing, whatever the column's type has become since,
-- except where the domain has a default of its own.
-- since: 12
-- columns: oid, relid, number, column_name, expression, derived, volatile, constant
WITH found AS MATERIALIZED (
    SELECT d.oid,
           d.adrelid AS relid,
           d.adnum AS number,
           a.attname AS column_name,
           pg_get_expr(d.adbin, d.adrelid) AS expression,
           a.attinhcount > 0 AS inherited
    FROM pg_attrdef AS d
    JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    JOIN pg_class AS c ON c.oid = d.adrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attgenerated = ''
      AND (t.typtype = 'd' OR (
          pg_get_expr(d.adbin, d.adrelid) <> 'NULL::' || format_type(t.oid, -1)
          AND pg_get_expr(d.adbin, d.adrelid) !~ '^\(*NULL(::[a-z" ]+(\([0-9,]+\))?[a-z ]*(\[\])*\)*)+$'))
      AND c.relkind IN ('r', 'p', 'f', 'v')
      AND c.relpersistence <> 't'
      AND n.nspname = ANY (%(schemas)s)
), moving AS (
    -- Few expressions differ: most tables of a database have the same default or two.
    SELECT e.expression,
           bool_or(p.provolatile = 'v') AS volatile
    FROM (SELECT DISTINCT f.expression FROM found AS f) AS e
    CROSS JOIN LATERAL regexp_matches(e.expression, '([[:alnum:]_]+)"?\(', 'g') AS m
    JOIN pg_proc AS p ON p.proname = m[1]
    WHERE p.provolatile <> 'i'
    GROUP BY e.expression
)
SELECT f.oid,
       f.relid,
       f.number,
       f.column_name,
       f.expression,
       f.inherited AND (
           SELECT coalesce(bool_and(pg_get_expr(pd.adbin, pd.adrelid) = f.expression), false)
           FROM pg_inherits AS h
           JOIN pg_attribute AS pa ON pa.attrelid = h.inhparent AND pa.attname = f.column_name
           JOIN pg_attrdef AS pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum
           WHERE h.inhrelid = f.relid) AS derived,
       f.expression IN (SELECT v.expression FROM moving AS v WHERE v.volatile) AS volatile,
       f.expression NOT IN (SELECT v.expression FROM moving AS v)
           AND regexp_replace(f.expression, '''[^'']*''', '', 'g') !~ '\m(CURRENT_|LOCALTIME|SESSION_USER)' AS constant
FROM found AS f
ORDER BY f.relid, f.number
