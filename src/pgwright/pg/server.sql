-- What the server is and what this session may do, in one row.
-- since: 12
-- columns: version_num, version_text, database, user, is_superuser, in_recovery, encoding, collation,
--          started_at, extensions (json object: name -> version), timescaledb_license
select
    current_setting('server_version_num')::int as version_num,
    version() as version_text,
    current_database()::text as database,
    current_user::text as "user",
    (select rolsuper from pg_catalog.pg_roles where rolname = current_user) as is_superuser,
    pg_catalog.pg_is_in_recovery() as in_recovery,
    current_setting('server_encoding') as encoding,
    (select datcollate::text from pg_catalog.pg_database where datname = current_database()) as collation,
    to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') as started_at,
    (select json_object_agg(extname, extversion order by extname) from pg_catalog.pg_extension) as extensions,
    current_setting('timescaledb.license', true) as timescaledb_license
