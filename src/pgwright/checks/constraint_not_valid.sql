-- Constraints of tables and domains that were never checked against all rows.
-- since: 12
-- columns: schema, owner_name, name, kind, is_domain, enforced
SELECT
    n.nspname::text AS schema,
    coalesce(c.relname, t.typname)::text AS owner_name,
    con.conname::text AS name,
    CASE con.contype WHEN 'f' THEN 'foreign key' WHEN 'n' THEN 'not null' ELSE 'check' END AS kind,
    con.contypid <> 0 AS is_domain,
    -- not known before 18
    coalesce((pg_catalog.to_jsonb(con) ->> 'conenforced')::boolean, true) AS enforced
FROM pg_catalog.pg_constraint con
JOIN pg_catalog.pg_namespace n ON n.oid = con.connamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = con.conrelid
LEFT JOIN pg_catalog.pg_type t ON t.oid = con.contypid
WHERE NOT con.convalidated
    AND con.conparentid = 0
    AND n.nspname !~ '^(pg_|_timescaledb_)'
    AND n.nspname <> 'information_schema'
ORDER BY 1, 2, 3
