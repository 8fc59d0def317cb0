-- What CREATE DATABASE needs to make this database again, and who owns things in it.
-- since: 12
-- columns: name, encoding, collation, character_type, owner, provider, locale, size_bytes, settings, roles,
--          column_notes
SELECT
    d.datname AS name,
    pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
    d.datcollate AS collation,
    d.datctype AS character_type,
    pg_catalog.pg_get_userbyid(d.datdba) AS owner,
    'c' AS provider,
    NULL::text AS locale,
    pg_catalog.pg_database_size(d.oid) AS size_bytes,
    coalesce((
        SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole = 0
    ), '{}') AS settings,
    ARRAY(
        SELECT DISTINCT r.rolname::text
        FROM pg_catalog.pg_shdepend s
        JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
        WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass
            AND (s.dbid = d.oid OR (s.dbid = 0 AND s.classid = 'pg_catalog.pg_database'::regclass AND s.objid = d.oid))
        ORDER BY 1
    ) AS roles,
    EXISTS (
        SELECT 1 FROM pg_catalog.pg_attribute a, unnest(a.attoptions) AS o WHERE starts_with(o, 'pg_')
    ) AS column_notes
FROM pg_catalog.pg_database d
WHERE d.datname = current_database()
