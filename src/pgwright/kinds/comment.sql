-- Comments that somebody wrote: not those of PostgreSQL itself, nor those that come with an extension.
-- since: 12
-- columns: classid, objid, subid, column_name, domain_constraint, text
SELECT d.classoid AS classid,
       d.objoid AS objid,
       d.objsubid AS subid,
       a.attname AS column_name,
       k.conname AS domain_constraint,
       d.description AS text
FROM pg_description AS d
LEFT JOIN pg_attribute AS a
       ON d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND a.attrelid = d.objoid AND a.attnum = d.objsubid
LEFT JOIN pg_constraint AS k
       ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid AND k.contypid <> 0
LEFT JOIN pg_namespace AS n
       ON d.classoid = 'pg_namespace'::regclass AND n.oid = d.objoid
LEFT JOIN pg_extension AS e
       ON d.classoid = 'pg_extension'::regclass AND e.oid = d.objoid
LEFT JOIN pg_available_extensions() AS x ON x.name = e.extname
WHERE (d.objoid >= 16384 OR n.nspname = 'public')
  AND NOT (n.nspname IS NOT DISTINCT FROM 'public' AND d.description = 'standard public schema')
  AND d.description IS DISTINCT FROM x.comment
  AND %(schemas)s::text[] IS NOT NULL
ORDER BY d.classoid, d.objoid, d.objsubid
