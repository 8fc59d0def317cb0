-- Sequences with how much of them, or of the column that they feed, is used up.
-- since: 12
-- columns: schema, name, last_value, limit_value, column_name, column_type, readable
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    CASE WHEN r.readable THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value,
    least(s.seqmax, CASE a.atttypid
        WHEN 'pg_catalog.int2'::pg_catalog.regtype THEN 32767
        WHEN 'pg_catalog.int4'::pg_catalog.regtype THEN 2147483647
        ELSE 9223372036854775807 END) AS limit_value,
    CASE WHEN a.attname IS NOT NULL
        THEN a.attrelid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname) END AS column_name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS column_type,
    r.readable
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable) r
LEFT JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE NOT s.seqcycle
    AND s.seqincrement > 0
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^(pg_|_timescaledb_)'
ORDER BY 1, 2
