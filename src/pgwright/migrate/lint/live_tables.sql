-- Size and write rate of the tables of users.
-- since: 12
-- columns: path, rows, bytes, writes
SELECT n.nspname || '.' || c.relname AS path,
       greatest(c.reltuples, 0)::float8 AS rows,
       pg_catalog.pg_total_relation_size(c.oid) AS bytes,
       (s.n_tup_ins + s.n_tup_upd + s.n_tup_del)
           / nullif(extract(epoch FROM pg_catalog.now() - coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time())), 0)::float8
           AS writes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_user_tables AS s ON s.relid = c.oid
LEFT JOIN pg_catalog.pg_stat_database AS d ON d.datname = pg_catalog.current_database()
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
