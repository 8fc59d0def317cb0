-- Collations of the given schemas that fit the encoding of the database; those that stand in for ICU's on a
-- scratch server without ICU (server/icu.py) are read as what they stand for.
-- since: 17
-- columns: oid, schema, name, provider, locale, lc_collate, lc_ctype, deterministic, rules, version
SELECT c.oid,
       n.nspname AS schema,
       c.collname AS name,
       CASE WHEN meant.icu IS NOT NULL OR c.collprovider = 'i' THEN 'icu' WHEN c.collprovider = 'b' THEN 'builtin' ELSE 'libc' END AS provider,
       CASE WHEN c.collprovider IN ('i', 'b') THEN coalesce(meant.icu, c.colllocale) END AS locale,
       CASE WHEN c.collprovider NOT IN ('i', 'b') THEN c.collcollate::text END AS lc_collate,
       CASE WHEN c.collprovider NOT IN ('i', 'b') THEN c.collctype::text END AS lc_ctype,
       coalesce(meant.deterministic, c.collisdeterministic) AS deterministic,
       CASE WHEN meant.icu IS NULL THEN c.collicurules ELSE meant.rules END AS rules,
       c.collversion AS version
FROM pg_collation AS c
JOIN pg_namespace AS n ON n.oid = c.collnamespace
JOIN pg_database AS d ON d.datname = current_database()
LEFT JOIN LATERAL json_to_record(
    CASE WHEN c.collprovider = 'b' AND c.collicurules LIKE '{"icu": %%' THEN c.collicurules::json END
) AS meant (icu text, deterministic boolean, rules text) ON true
WHERE n.nspname = ANY (%(schemas)s)
  AND c.collencoding IN (-1, d.encoding)
ORDER BY c.oid
