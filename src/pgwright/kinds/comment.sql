-- Comments that somebody wrote: not those of PostgreSQL itself, nor those that come with an extension.
-- since: 12
-- columns: classid, objid, subid, column_name, domain_constraint, not_null_relid, not_null_column, text
SELECT d.classoid AS classid,
       d.objoid AS objid,
       d.objsubid AS subid,
       a.attname AS column_name,
       k.conname AS domain_constraint,
       nn.conrelid AS not_null_relid,
       nc.attname AS not_null_column,
       d.description AS text
FROM pg_description AS d
LEFT JOIN pg_attribute AS a
       ON d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND a.attrelid = d.objoid AND a.attnum = d.objsubid
LEFT JOIN pg_constraint AS k
       ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid AND k.contypid <> 0
LEFT JOIN pg_constraint AS nn
       ON d.classoid = 'pg_constraint'::regclass AND nn.oid = d.objoid AND nn.contype = 'n' AND nn.conrelid <> 0
LEFT JOIN pg_attribute AS nc ON nc.attrelid = nn.conrelid AND nc.attnum = nn.conkey[1]
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
