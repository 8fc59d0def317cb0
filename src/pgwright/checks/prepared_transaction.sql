-- Transactions that were prepared for a two-phase commit and not ended.
-- since: 12
-- columns: gid, database, owner, seconds
SELECT
    gid,
    database::text AS database,
    owner::text AS owner,
    extract(epoch FROM clock_timestamp() - prepared)::float8 AS seconds
FROM pg_catalog.pg_prepared_xacts
ORDER BY prepared
