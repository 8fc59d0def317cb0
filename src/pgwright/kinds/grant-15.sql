-- Privileges that differ from those that PostgreSQL gives by default to owner and PUBLIC.
-- Schema public starts out with USAGE for PUBLIC, which counts as the default here.
-- since: 15
-- columns: classid, objid, subid, column_name, object_type, grantee, privilege, granted, grantable
WITH read AS (
    SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = ANY (%(schemas)s)
), held (classid, objid, subid, object_type, acl, standard) AS (
    SELECT 'pg_class'::regclass, c.oid, 0, CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END, c.relacl,
           acldefault(CASE WHEN c.relkind = 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)
    FROM pg_class AS c
    WHERE c.relnamespace IN (SELECT oid FROM read)
      AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
      AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, a.attnum, 'c', a.attacl, acldefault('c', c.relowner)
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE a.attacl IS NOT NULL
      AND a.attnum > 0
      AND NOT a.attisdropped
      AND c.relnamespace IN (SELECT oid FROM read)
      AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
      AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 0, 'f', p.proacl, acldefault('f', p.proowner)
    FROM pg_proc AS p
    WHERE p.pronamespace IN (SELECT oid FROM read)
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, 'T', t.typacl, acldefault('T', t.typowner)
    FROM pg_type AS t
    LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE t.typnamespace IN (SELECT oid FROM read)
      AND (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c')
    UNION ALL
    SELECT 'pg_namespace'::regclass, n.oid, 0, 'n',
           CASE WHEN n.nspname = 'public' THEN coalesce(n.nspacl, acldefault('n', n.nspowner)) ELSE n.nspacl END,
           CASE WHEN n.nspname = 'public'
                THEN acldefault('n', n.nspowner) || ARRAY[makeaclitem(0, n.nspowner, 'USAGE', false)]
                ELSE acldefault('n', n.nspowner) END
    FROM pg_namespace AS n
    WHERE n.nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, s.oid, 0, 'S', s.srvacl, acldefault('S', s.srvowner)
    FROM pg_foreign_server AS s
), actual AS (
    SELECT h.classid, h.objid, h.subid, h.object_type, x.grantee, x.privilege_type AS privilege,
           bool_or(x.is_grantable) AS grantable
    FROM held AS h
    CROSS JOIN LATERAL aclexplode(h.acl) AS x
    GROUP BY h.classid, h.objid, h.subid, h.object_type, x.grantee, x.privilege_type
), expected AS (
    SELECT h.classid, h.objid, h.subid, h.object_type, x.grantee, x.privilege_type AS privilege,
           bool_or(x.is_grantable) AS grantable
    FROM held AS h
    CROSS JOIN LATERAL aclexplode(h.standard) AS x
    WHERE h.acl IS NOT NULL
    GROUP BY h.classid, h.objid, h.subid, h.object_type, x.grantee, x.privilege_type
)
SELECT d.classid::oid AS classid,
       d.objid,
       d.subid,
       c.attname AS column_name,
       d.object_type,
       coalesce(r.rolname, 'PUBLIC') AS grantee,
       d.privilege,
       d.granted,
       d.grantable
FROM (
    SELECT classid, objid, subid, object_type, grantee, privilege,
           a.grantable IS NOT NULL AS granted, coalesce(a.grantable, false) AS grantable
    FROM actual AS a
    FULL JOIN expected AS e USING (classid, objid, subid, object_type, grantee, privilege)
    WHERE (a.grantable IS NULL) <> (e.grantable IS NULL)
) AS d
LEFT JOIN pg_roles AS r ON r.oid = d.grantee
LEFT JOIN pg_attribute AS c ON d.subid > 0 AND c.attrelid = d.objid AND c.attnum = d.subid
WHERE d.grantee = 0 OR r.oid IS NOT NULL
ORDER BY d.classid, d.objid, d.subid, d.grantee, d.privilege
