-- Tables, partitioned tables and foreign tables of the given schemas.
-- since: 12
-- columns: oid, rowtype, arraytype, schema, name, relkind, persistence, access_method, tablespace,
--   options, partition_key, partition_bound, partition_parent, parents, of_type, replica_identity,
--   foreign_server, foreign_options
SELECT c.oid,
       c.reltype AS rowtype,
       t.typarray AS arraytype,
       n.nspname AS schema,
       c.relname AS name,
       c.relkind::text AS relkind,
       c.relpersistence::text AS persistence,
       am.amname AS access_method,
       ts.spcname AS tablespace,
       c.reloptions AS options,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       CASE WHEN c.relispartition
            THEN (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = c.oid) END AS partition_parent,
       CASE WHEN NOT c.relispartition
            THEN (SELECT array_agg(i.inhparent ORDER BY i.inhseqno) FROM pg_inherits AS i WHERE i.inhrelid = c.oid)
       END AS parents,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       c.relreplident::text AS replica_identity,
       fs.srvname AS foreign_server,
       ft.ftoptions AS foreign_options
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_type AS t ON t.oid = c.reltype
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN pg_foreign_table AS ft ON ft.ftrelid = c.oid
LEFT JOIN pg_foreign_server AS fs ON fs.oid = ft.ftserver
WHERE c.relkind IN ('r', 'p', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname = ANY (%(schemas)s)
ORDER BY c.oid
