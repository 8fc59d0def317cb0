-- How old the oldest unfrozen transaction and multixact ids of each database are, and this database's oldest table.
-- since: 12
-- columns: database, xid_age, multixact_age, xid_limit, multixact_limit, oldest_table
SELECT
    d.datname::text AS database,
    age(d.datfrozenxid) AS xid_age,
    pg_catalog.mxid_age(d.datminmxid) AS multixact_age,
    current_setting('autovacuum_freeze_max_age')::bigint AS xid_limit,
    current_setting('autovacuum_multixact_freeze_max_age')::bigint AS multixact_limit,
    CASE WHEN d.datname = current_database() THEN (
        SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 't')
        ORDER BY age(c.relfrozenxid) DESC, c.relpages DESC
        LIMIT 1
    ) END AS oldest_table
FROM pg_catalog.pg_database d
WHERE d.datallowconn
