-- Row-level-security policies of tables in the given schemas.
-- since: 12
-- columns: oid, relid, name, permissive, command, roles, using, check
SELECT p.oid,
       p.polrelid AS relid,
       p.polname AS name,
       p.polpermissive AS permissive,
       CASE p.polcmd
           WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL'
       END AS command,
       -- No role can be called public, so the word is free for everybody.
       (SELECT array_agg(u.role ORDER BY u.role)
        FROM (SELECT CASE WHEN oid = 0 THEN 'public' ELSE pg_get_userbyid(oid)::text END AS role
              FROM unnest(p.polroles) AS oid) AS u) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS "using",
       pg_get_expr(p.polwithcheck, p.polrelid) AS "check"
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY p.oid
