-- Collations of the given schemas that fit the encoding of the database.
-- since: 16
-- columns: oid, schema, name, provider, locale, lc_collate, lc_ctype, deterministic, rules, version
SELECT c.oid,
       n.nspname AS schema,
       c.collname AS name,
       CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
       CASE WHEN c.collprovider IN ('i', 'b') THEN c.colliculocale END AS locale,
       CASE WHEN c.collprovider NOT IN ('i', 'b') THEN c.collcollate::text END AS lc_collate,
       CASE WHEN c.collprovider NOT IN ('i', 'b') THEN c.collctype::text END AS lc_ctype,
       c.collisdeterministic AS deterministic,
       c.collicurules AS rules,
       c.collversion AS version
FROM pg_collation AS c
JOIN pg_namespace AS n ON n.oid = c.collnamespace
JOIN pg_database AS d ON d.datname = current_database()
WHERE n.nspname = ANY (%(schemas)s)
  AND c.collencoding IN (-1, d.encoding)
ORDER BY c.oid
