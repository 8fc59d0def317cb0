-- A line for each part of the schema that migrations make: quick to compare, the same on every version.
-- Partitions have none: most come and go with time.
-- since: 12
-- columns: mark
WITH own AS (
    SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS path
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgwright')
      AND c.relname NOT IN ('alembic_version', 'django_migrations')
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT 'relation ' || path AS mark FROM own
UNION ALL
SELECT 'column ' || path || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
FROM own JOIN pg_catalog.pg_attribute AS a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || path || '.' || k.conname
FROM own JOIN pg_catalog.pg_constraint AS k ON k.conrelid = own.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT 'index ' || path || '.' || i.relname
FROM own JOIN pg_catalog.pg_index AS x ON x.indrelid = own.oid JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
UNION ALL
SELECT 'label ' || n.nspname || '.' || t.typname || '.' || e.enumlabel
FROM pg_catalog.pg_enum AS e
JOIN pg_catalog.pg_type AS t ON t.oid = e.enumtypid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_'
