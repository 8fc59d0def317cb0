-- Default privileges: what differs from PostgreSQL's own defaults (global entries), or is added to
-- them (entries of a schema).
-- since: 12
-- columns: oid, namespace, role, object_type, grantee, privilege, granted, grantable
WITH held AS (
    SELECT d.oid, d.defaclnamespace AS namespace, d.defaclrole AS roleid, d.defaclobjtype::text AS object_type,
           d.defaclacl AS acl,
           CASE WHEN d.defaclnamespace = 0
                THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's'::"char" ELSE d.defaclobjtype END, d.defaclrole)
                END AS standard
    FROM pg_default_acl AS d
    LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
    WHERE d.defaclnamespace = 0 OR n.nspname = ANY (%(schemas)s)
), actual AS (
    SELECT h.oid, x.grantee, x.privilege_type AS privilege, bool_or(x.is_grantable) AS grantable
    FROM held AS h
    CROSS JOIN LATERAL aclexplode(h.acl) AS x
    GROUP BY h.oid, x.grantee, x.privilege_type
), expected AS (
    SELECT h.oid, x.grantee, x.privilege_type AS privilege, bool_or(x.is_grantable) AS grantable
    FROM held AS h
    CROSS JOIN LATERAL aclexplode(h.standard) AS x
    GROUP BY h.oid, x.grantee, x.privilege_type
), differing AS (
    SELECT oid, grantee, privilege,
           a.grantable IS NOT NULL AS granted, coalesce(a.grantable, false) AS grantable
    FROM actual AS a
    FULL JOIN expected AS e USING (oid, grantee, privilege)
    WHERE (a.grantable IS NULL) <> (e.grantable IS NULL)
)
SELECT h.oid,
       NULLIF(h.namespace, 0) AS namespace,
       o.rolname AS role,
       h.object_type,
       coalesce(r.rolname, 'PUBLIC') AS grantee,
       d.privilege,
       d.granted,
       d.grantable
FROM differing AS d
JOIN held AS h ON h.oid = d.oid
JOIN pg_roles AS o ON o.oid = h.roleid
LEFT JOIN pg_roles AS r ON r.oid = d.grantee
WHERE d.grantee = 0 OR r.oid IS NOT NULL
ORDER BY h.oid, d.grantee, d.privilege
