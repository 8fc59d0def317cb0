-- Replication slots with the WAL that each holds back; what the server limits is known from 13 on.
-- since: 13
-- columns: name, type, plugin, database, active, temporary, retained_bytes, wal_status, safe_wal_bytes, xmin_age
SELECT
    s.slot_name::text AS name,
    s.slot_type AS type,
    s.plugin::text AS plugin,
    s.database::text AS database,
    s.active,
    s.temporary,
    pg_catalog.pg_wal_lsn_diff(
        CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,
        s.restart_lsn)::bigint AS retained_bytes,
    s.wal_status AS wal_status,
    s.safe_wal_size AS safe_wal_bytes,
    greatest(age(s.xmin), age(s.catalog_xmin)) AS xmin_age
FROM pg_catalog.pg_replication_slots s
ORDER BY retained_bytes DESC NULLS LAST, s.slot_name
