-- What the checklist before a copy compares between the two databases, in one row.
-- since: 12
-- columns: version_num, encoding, lc_collate, lc_ctype, size, recovery, read_only, can_create, superuser,
--          connections_left, wal_level, maintenance_mb, data_directory, installed, available, roles, used_roles,
--          unreadable, guarded
SELECT
    current_setting('server_version_num')::int AS version_num,
    pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
    d.datcollate::text AS lc_collate,
    d.datctype::text AS lc_ctype,
    pg_catalog.pg_database_size(d.oid)::bigint AS size,
    pg_catalog.pg_is_in_recovery() AS recovery,
    current_setting('default_transaction_read_only')::bool AS read_only,
    pg_catalog.has_database_privilege(d.oid, 'CREATE') AS can_create,
    current_setting('is_superuser')::bool AS superuser,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend')::int
        AS connections_left,
    current_setting('wal_level') AS wal_level,
    pg_catalog.pg_size_bytes(current_setting('maintenance_work_mem')) / 1048576 AS maintenance_mb,
    -- shown to members of pg_read_all_settings only
    CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', 'MEMBER')
        THEN current_setting('data_directory') END AS data_directory,
    (SELECT coalesce(pg_catalog.json_object_agg(e.extname, e.extversion), '{}')
        FROM pg_catalog.pg_extension e) AS installed,
    (SELECT coalesce(pg_catalog.json_object_agg(e.name, e.default_version), '{}')
        FROM pg_catalog.pg_available_extensions e) AS available,
    (SELECT pg_catalog.array_agg(r.rolname::text) FROM pg_catalog.pg_roles r) AS roles,
    (SELECT coalesce(pg_catalog.array_agg(DISTINCT r.rolname::text), '{}')
        FROM pg_catalog.pg_roles r
        WHERE r.oid IN (
            SELECT s.refobjid FROM pg_catalog.pg_shdepend s
            WHERE s.refclassid = 'pg_authid'::regclass AND s.dbid = d.oid
            UNION
            SELECT c.relowner FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgwright'))) AS used_roles,
    (SELECT coalesce(pg_catalog.array_agg(c.oid::regclass::text ORDER BY c.oid), '{}')
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname !~ '^pg_'
            AND n.nspname NOT IN ('information_schema', 'pgwright')
            AND CASE WHEN c.relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                ELSE NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') END) AS unreadable,
    (SELECT coalesce(pg_catalog.array_agg(c.oid::regclass::text ORDER BY c.oid), '{}')
        FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'p') AND pg_catalog.row_security_active(c.oid)) AS guarded
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
