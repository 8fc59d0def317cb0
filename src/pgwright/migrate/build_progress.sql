-- How far a session is with building an index; nothing where it builds none.
-- since: 12
-- columns: relation, phase, done, total
-- parameter: pid
SELECT p.relid::regclass::text AS relation, p.phase,
       CASE WHEN p.phase LIKE 'waiting for%%' THEN p.lockers_done
            WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END::float8 AS done,
       CASE WHEN p.phase LIKE 'waiting for%%' THEN p.lockers_total
            WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END::float8 AS total
FROM pg_catalog.pg_stat_progress_create_index AS p
WHERE p.pid = %(pid)s
