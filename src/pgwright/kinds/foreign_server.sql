-- Foreign servers and the wrappers that they go through.
-- since: 12
-- columns: oid, name, wrapper, type, version, options
SELECT s.oid,
       s.srvname AS name,
       w.fdwname AS wrapper,
       s.srvtype AS type,
       s.srvversion AS version,
       s.srvoptions AS options
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE %(schemas)s::text[] IS NOT NULL
ORDER BY s.oid
